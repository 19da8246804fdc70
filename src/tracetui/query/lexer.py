"""Characters to tokens: one pass, and every text has tokens, so that a half-typed query has them too.

What a character means depends on what stands before it: after an operator comes a value, which may hold almost
anything up to the next white space. What is wrong inside a token is noted on it; the parser says so when it gets there.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from tracetui.query.tree import KeyForm, Operator

HAS = "has"
"""The name before `:` that asks whether a field is there; what follows is a key."""


class TokenKind(StrEnum):
    """What a token is."""

    WORD = "word"
    PHRASE = "phrase"
    KEY = "key"
    OPERATOR = "operator"
    VALUE = "value"
    AND = "AND"
    OR = "OR"
    NOT = "NOT"
    OPEN = "("
    CLOSE = ")"
    SET = "set"
    """The bracket that opens a set of values, after an operator."""
    BRACE_OPEN = "{"
    BRACE_CLOSE = "}"
    LINK = "link"
    """`>>`, `>`, `&&` or `||` where no value can stand."""
    STRAY = "stray"
    """A character that means nothing here."""
    END = "end"


class Problem(NamedTuple):
    """What is wrong inside a token."""

    message: str
    start: int
    end: int
    suggestion: str = ""
    incomplete: bool = False
    """Whether more text may put it right."""


class Token(NamedTuple):
    """A piece of the text."""

    kind: TokenKind
    start: int
    end: int
    pieces: tuple[str, ...] = ()
    """The text of a word, phrase or value, at its wildcards; of a key its name; of an operator its name in the tree."""
    quoted: bool = False
    form: KeyForm = KeyForm.PLAIN
    problem: Problem | None = None


_SPACE = re.compile(r"\s*")
_NAME = re.compile(r"[^\W\d][\w.\-/]*")
_ATTRIBUTE_NAME = re.compile(r"\w[\w.\-/]*")
_OPERATOR = re.compile(r":(?:[<>]=?)?|==|=~|=|!=|!~|[<>]=?|~")
_KEYWORD = re.compile(r"(AND|OR|NOT)(?=[\s()\"{}]|$)")
_LINK = re.compile(r">>|>|&&|\|\|")
_PHRASE = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_WORD_PLAIN = re.compile(r'(?:[^\s()"{}\\*&|]|&(?!&)|\|(?!\|))+')
_CALL = re.compile(r'\([^\s()"{}\\*]{0,100}\)')
_VALUE_PLAIN = re.compile(r'[^\s()"{}\\*]+')
_PATTERN_PLAIN = re.compile(r"[^\s()\[\]{}\\]+")

_OPERATORS = {
    ":": Operator.IS,
    ":>": Operator.MORE,
    ":>=": Operator.AT_LEAST,
    ":<": Operator.LESS,
    ":<=": Operator.AT_MOST,
    "=": Operator.EQUALS,
    "==": Operator.EQUALS,
    "=~": Operator.MATCHES,
    "!=": Operator.DIFFERS,
    "!~": Operator.MISSES,
    ">": Operator.MORE,
    ">=": Operator.AT_LEAST,
    "<": Operator.LESS,
    "<=": Operator.AT_MOST,
    "~": Operator.MATCHES,
}
"""Every spelling of an operator, those of other languages too."""

_ESCAPED = {'"': '"', "\\": "\\", "n": "\n", "r": "\r", "t": "\t"}


def tokens(text: str) -> list[Token]:
    """The tokens of a text, the last of them `END`."""
    found: list[Token] = []
    position = _skip(text, 0)
    while position < len(text):
        token = _term_token(text, position)
        found.append(token)
        position = token.end
        if token.kind is TokenKind.KEY:
            operator = _operator(text, position)
            found.append(operator)
            position = _values(text, _skip(text, operator.end), token, operator, found)
        position = _skip(text, position)
    found.append(Token(TokenKind.END, len(text), len(text)))
    return found


def is_plain_name(name: str) -> bool:
    """Whether a key is read as it stands, without quotes."""
    return _NAME.fullmatch(name) is not None and name.casefold() != HAS


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _term_token(text: str, start: int) -> Token:
    """The token that begins here, where a term could stand."""
    if keyword := _KEYWORD.match(text, start):
        return Token(TokenKind(keyword[1]), start, keyword.end())
    character = text[start]
    if character in "(){}":
        return Token(TokenKind(character), start, start + 1)
    if character == '"':
        return _phrase_or_key(text, start)
    if character == "-":
        follows = text[start + 1 : start + 2]
        return Token(TokenKind.NOT if follows.strip() else TokenKind.STRAY, start, start + 1)
    if (key := _key(text, start)) and _OPERATOR.match(text, _skip(text, key.end)):
        return key
    if link := _LINK.match(text, start):
        return Token(TokenKind.LINK, start, link.end(), (link[0],))
    if operator := _OPERATOR.match(text, start):
        return Token(TokenKind.STRAY, start, operator.end())
    return _run(text, start, TokenKind.WORD)


def _phrase_or_key(text: str, start: int) -> Token:
    phrase = _quoted(text, start, TokenKind.PHRASE)
    if not phrase.problem and _OPERATOR.match(text, phrase.end):
        return phrase._replace(kind=TokenKind.KEY, form=KeyForm.ATTRIBUTE)
    return phrase


def _key(text: str, start: int) -> Token | None:
    """The key that begins here, whatever follows it."""
    if text[start] == "@":
        if text.startswith('"', start + 1):
            quoted = _quoted(text, start + 1, TokenKind.KEY)
            return quoted._replace(start=start, form=KeyForm.ATTRIBUTE)
        name = _ATTRIBUTE_NAME.match(text, start + 1)
        return Token(TokenKind.KEY, start, name.end(), (name[0],), form=KeyForm.ATTRIBUTE) if name else None
    name = _NAME.match(text, start)
    if name is None:
        return None
    if name[0] == "resource." and text.startswith('"', name.end()):
        quoted = _quoted(text, name.end(), TokenKind.KEY)
        return quoted._replace(start=start, form=KeyForm.RESOURCE)
    return Token(TokenKind.KEY, start, name.end(), (name[0],))


def _operator(text: str, position: int) -> Token:
    match = _OPERATOR.match(text, _skip(text, position))
    assert match is not None  # a key is a key because an operator follows
    return Token(TokenKind.OPERATOR, match.start(), match.end(), (_OPERATORS[match[0]],))


def _values(text: str, start: int, key: Token, operator: Token, found: list[Token]) -> int:
    """Read what follows an operator: a value, or a set of them. Returns the position behind it."""
    if start >= len(text) or (start > operator.end and _KEYWORD.match(text, start)):
        return start  # nothing follows; the parser says so
    name = operator.pieces[0]
    if name in (Operator.MATCHES, Operator.MISSES):
        found.append(_pattern(text, start))
        return found[-1].end
    of_keys = key.form is KeyForm.PLAIN and key.pieces[0].casefold() == HAS
    if text[start] != "(":
        value = _value(text, start, of_keys=of_keys)
        if value is None:
            return start
        found.append(value)
        return value.end
    found.append(Token(TokenKind.SET, start, start + 1))
    position = _skip(text, start + 1)
    while position < len(text):
        if text[position] == ")":
            found.append(Token(TokenKind.CLOSE, position, position + 1))
            return position + 1
        token = _in_set(text, position, of_keys=of_keys)
        if token is None:
            return position
        found.append(token)
        position = _skip(text, token.end)
    return position


def _in_set(text: str, start: int, *, of_keys: bool) -> Token | None:
    keyword = _KEYWORD.match(text, start)
    if keyword:
        return Token(TokenKind(keyword[1]), start, keyword.end())
    if text[start] == "(":
        return None
    return _value(text, start, of_keys=of_keys)


def _value(text: str, start: int, *, of_keys: bool) -> Token | None:
    """The value that begins here; None where there is none."""
    if of_keys:
        key = _quoted(text, start, TokenKind.KEY) if text[start] == '"' else _key(text, start)
        if key is not None and text[start] == '"':
            key = key._replace(form=KeyForm.ATTRIBUTE)
        return _key_value(text, key) if key else None
    if text[start] == '"':
        return _quoted(text, start, TokenKind.VALUE)
    if text[start] in ")}{":
        return None
    return _run(text, start, TokenKind.VALUE)


def _key_value(text: str, key: Token) -> Token:
    """A key in the place of a value: nothing may stick to its end."""
    follows = text[key.end : key.end + 1]
    if key.problem is None and follows.strip() and follows not in '(){}"':
        problem = Problem(f"`{follows}` cannot stand in a key.", key.end, key.end + 1, "Quote the key.")
        return key._replace(kind=TokenKind.VALUE, problem=problem)
    return key._replace(kind=TokenKind.VALUE)


def _quoted(text: str, start: int, kind: TokenKind) -> Token:
    """Text in quotes; one that is not closed goes on to the end."""
    match = _PHRASE.match(text, start)
    assert match is not None  # it begins with a quote
    end = match.end()
    if not text.startswith('"', end):
        content = _unescaped(text[start + 1 :].removesuffix("\\"), start + 1)[0]
        return Token(kind, start, len(text), (content,), quoted=True, problem=_not_closed(start))
    content, problem = _unescaped(text[start + 1 : end], start + 1)
    return Token(kind, start, end + 1, (content,), quoted=True, problem=problem)


def _not_closed(start: int) -> Problem:
    return Problem("The quote is not closed.", start, start + 1, incomplete=True)


def _unescaped(text: str, offset: int) -> tuple[str, Problem | None]:
    """Text of a phrase with its escapes read, and the first of them that is none."""
    if "\\" not in text:
        return text, None
    wrong: list[re.Match[str]] = []

    def read(escape: re.Match[str]) -> str:
        if escape[1] and not 0xD800 <= (code := int(escape[1], 16)) < 0xE000:
            return chr(code)
        if escape[2] not in _ESCAPED:
            wrong.append(escape)
        return _ESCAPED.get(escape[2], escape[0])

    content = _ESCAPE.sub(read, text)
    if not wrong:
        return content, None
    start, end = (offset + place for place in wrong[0].span())
    return content, Problem(f"`{wrong[0][0]}` is no escape.", start, end, r"Write `\\` for a backslash.")


def _run(text: str, start: int, kind: TokenKind) -> Token:
    r"""A word or value without quotes: up to white space, a quote, or a bracket that nothing in it has opened.

    `\` takes the meaning from what follows, unless that is a letter or a digit, so that `C:\app` stands for itself.
    Brackets that match belong to a value (`/users/{id}`); of a word only those of a call do (`get_weather()`).
    """
    plain = _VALUE_PLAIN if kind is TokenKind.VALUE else _WORD_PLAIN
    pieces, piece = [], []
    opened: list[int] = []
    position = start
    while position < len(text):
        if match := plain.match(text, position):
            piece.append(match[0])
            position = match.end()
            continue
        character = text[position]
        if character == "*":
            pieces.append("".join(piece))
            piece = []
        elif character == "\\":
            follows = text[position + 1 : position + 2]
            itself = not follows or follows.isalnum()
            piece.append(character if itself else follows)
            position += not itself
        elif kind is TokenKind.VALUE and character in "({":
            opened.append(position)
            piece.append(character)
        elif opened and character in ")}":
            opened.pop()
            piece.append(character)
        elif kind is TokenKind.WORD and position > start and (call := _CALL.match(text, position)):
            piece.append(call[0])
            position = call.end() - 1
        else:
            break
        position += 1
    position = min(position, len(text))
    pieces.append("".join(piece))
    if position == start:  # `&&` and the like, which begin no word
        return Token(TokenKind.STRAY, start, start + 1)
    if opened:
        at = opened[0]
        message = f"`{text[at]}` is not closed in this value."
        problem = Problem(message, at, at + 1, "Quote the value.", incomplete=position == len(text))
        return Token(kind, start, position, tuple(pieces), problem=problem)
    return Token(kind, start, position, tuple(pieces))


def _pattern(text: str, start: int) -> Token:
    r"""A regular expression: as it stands up to white space or a bracket it has not opened, or in quotes.

    In quotes only `\"` is read, as `"`; all else belongs to the expression.
    """
    if text[start] == '"':
        match = _PHRASE.match(text, start)
        assert match is not None  # it begins with a quote
        closed = text.startswith('"', match.end())
        end = match.end() if closed else len(text)
        pattern = _without_quote_escapes(text[start + 1 : end])
        problem = None if closed else _not_closed(start)
        return Token(TokenKind.VALUE, start, end + closed, (pattern,), quoted=True, problem=problem)
    position, depth, listing = start, 0, False
    while position < len(text):
        if match := _PATTERN_PLAIN.match(text, position):
            position = match.end()
            continue
        character = text[position]
        if character.isspace():
            break
        if character == "\\":
            position += 1
            if text[position : position + 1].isspace():
                break
        elif listing:
            listing = character != "]"
        elif character == "[":
            listing = True
            position += text.startswith("^", position + 1)
            position += text.startswith("]", position + 1)  # the first of a list is a member of it
        elif character in "({":
            depth += 1
        elif character in ")}":
            if not depth:
                break
            depth -= 1
        position += 1
    position = min(position, len(text))
    if position == start:
        return Token(TokenKind.STRAY, start, start + 1)
    return Token(TokenKind.VALUE, start, position, (_without_quote_escapes(text[start:position]),), quoted=True)


def _without_quote_escapes(pattern: str) -> str:
    return _ESCAPE.sub(lambda escape: '"' if escape[2] == '"' else escape[0], pattern)
