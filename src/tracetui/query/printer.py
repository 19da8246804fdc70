"""A syntax tree back to text: `parse(print_query(tree)) == tree`."""

from __future__ import annotations

import re

from tracetui.query.literals import number
from tracetui.query.tree import (
    Braces,
    Conjunction,
    Disjunction,
    FieldTerm,
    HasTerm,
    Key,
    KeyForm,
    Link,
    Negation,
    Node,
    Operator,
    Structure,
    TextTerm,
    Value,
    ValueSet,
)

_SIMPLE_ATTRIBUTE = re.compile(r"\w[\w.\-/]*")
_IN_QUOTES = re.compile('["\\\\\x00-\x1f\x7f-\x9f\u2028\u2029]')
_QUOTE_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_IN_WORD = re.compile(r'[\s()"{}*\\]|&(?=&)|\|(?=\|)')
_CALL = re.compile(r"[^\W\d][\w.]*\([\w.,]{0,100}\)")
_IN_VALUE = re.compile(r'[\s"*\\]')
_BARE_VALUE = re.compile(r'[^\s()"{}\\*=<>~][^\s()"{}\\*]*')
_BRACKETS = re.compile(r"[(){}]")
_LIKE_A_KEY = re.compile(r"(@\w[\w.\-/]*|[^\W\d][\w.\-/]*)([:=~<>]|![=~])")
_ESCAPE_OR_QUOTE = re.compile(r'\\.|"', re.DOTALL)

_OR, _AND, _CHAIN, _RELATION, _UNARY = range(5)
"""How tightly a part binds, the loosest first."""


def print_query(node: Node | None) -> str:
    """The text of a query."""
    return "" if node is None else _printed(node, _OR)


def spelled_key(key: Key) -> str:
    """A key as it stands before an operator."""
    match key.form:
        case KeyForm.PLAIN:
            return key.name
        case KeyForm.RESOURCE:
            return f"resource.{quoted(key.name)}"
        case KeyForm.ATTRIBUTE:
            return f"@{key.name}" if _SIMPLE_ATTRIBUTE.fullmatch(key.name) else f"@{quoted(key.name)}"


def spelled_value(text: str) -> str:
    """Text as a value that equals it: bare where nothing in it could be read otherwise, else quoted."""
    plain = _BARE_VALUE.fullmatch(text) is not None and ".." not in text and text not in ("AND", "OR", "NOT")
    if plain and text[0] in "+-.0123456789" and (scaled := number(text)) is not None:
        plain = str(scaled) == text  # `1k` and `0.50` ask for the number as well
    return text if plain else quoted(text)


def quoted(text: str) -> str:
    """Text between quotes; what has no shape of its own on a line is escaped."""
    return '"' + _IN_QUOTES.sub(_escape, text) + '"'


def _escape(found: re.Match[str]) -> str:
    return _QUOTE_ESCAPES.get(found[0]) or f"\\u{ord(found[0]):04x}"


def _printed(node: Node, binding: int) -> str:
    """A part as text, in brackets where it binds less tightly than its place asks."""
    text, own = _plain(node)
    return text if own >= binding else f"({text})"


def _plain(node: Node) -> tuple[str, int]:
    match node:
        case TextTerm(value):
            return _word(value), _UNARY
        case FieldTerm(key, operator, value):
            return spelled_key(key) + operator + _operand(operator, value), _UNARY
        case HasTerm(keys):
            names = " OR ".join(map(spelled_key, keys))
            return f"has:{names}" if len(keys) == 1 else f"has:({names})", _UNARY
        case Negation(part):
            return "-" + _printed(part, _UNARY), _UNARY
        case Braces(part):
            return f"{{{print_query(part)}}}", _UNARY
        case Conjunction(parts):
            return " ".join(_printed(part, _CHAIN) for part in parts), _AND
        case Disjunction(parts):
            return " OR ".join(_printed(part, _AND) for part in parts), _OR
        case Structure(link, left, right):
            own = _CHAIN if link in (Link.BOTH, Link.EITHER) else _RELATION
            return f"{_printed(left, own)} {link} {_printed(right, own + 1)}", own


def _operand(operator: Operator, value: Value | ValueSet) -> str:
    if isinstance(value, ValueSet):
        return f"({' OR '.join(map(_value, value.values))})"
    return _pattern(value.text) if operator in (Operator.MATCHES, Operator.MISSES) else _value(value)


def _pattern(pattern: str) -> str:
    return '"' + _ESCAPE_OR_QUOTE.sub(lambda found: '\\"' if found[0] == '"' else found[0], pattern) + '"'


def _word(value: Value) -> str:
    if value.quoted:
        return quoted(value.text)
    if _CALL.fullmatch(value.text):
        return value.text
    word = "*".join(_IN_WORD.sub(r"\\\g<0>", piece) for piece in value.pieces)
    if key := _LIKE_A_KEY.match(word):
        return f"{key[1]}\\{word[key.end(1) :]}"
    return "\\" + word if word[0] in "-:=<>~&|" or word.startswith(("!=", "!~")) else word


def _value(value: Value) -> str:
    if value.quoted:
        return quoted(value.text)
    pieces = [_IN_VALUE.sub(r"\\\g<0>", piece) for piece in value.pieces]
    if value.text[0] in "({" or not _balanced(value.text):
        pieces = [_BRACKETS.sub(r"\\\g<0>", piece) for piece in pieces]
    text = "*".join(pieces)
    return "\\" + text if text[0] in "=<>~" else text


def _balanced(text: str) -> bool:
    """Whether every bracket closes one that stands before it, as a value's brackets must."""
    depth = 0
    for found in _BRACKETS.finditer(text):
        depth += 1 if found[0] in "({" else -1
        if depth < 0:
            return False
    return depth == 0
