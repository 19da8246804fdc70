"""Tokens to a syntax tree.

    query    = part {"OR" part}
    part     = chain {["AND"] chain}
    chain    = relation {("&&" | "||") relation}
    relation = unary {(">>" | ">") unary}
    unary    = {"-" | "NOT"} operand
    operand  = "(" query ")" | "{" [query] "}" | word | phrase | key operator value
    value    = text | "(" text {"OR" text} ")"

`&&`, `||`, `>>` and `>` bind as in TraceQL, from left to right; both sides of them are braces.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

from tracetui.query.errors import QueryError, cited
from tracetui.query.lexer import HAS, Token, TokenKind, tokens
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
    Place,
    Structure,
    TextTerm,
    Value,
    ValueSet,
)

MAX_DEPTH = 40
"""How deep parts of a query may stand in each other."""

MAX_TERMS = 300
"""How many terms and values a query may have."""

MAX_LINKS = 10
"""How many `>>`, `>`, `&&` and `||` a query may have: each `&&` asks for both sides twice."""

_TERM_STARTS = frozenset(
    {
        TokenKind.WORD,
        TokenKind.PHRASE,
        TokenKind.KEY,
        TokenKind.NOT,
        TokenKind.OPEN,
        TokenKind.BRACE_OPEN,
        TokenKind.STRAY,
    }
)

_BEGINNINGS = frozenset({TokenKind.STRAY, TokenKind.LINK, TokenKind.AND, TokenKind.OR})
"""What at the end of the text may be the beginning of something else."""

_WITH_SET = frozenset({Operator.IS, Operator.EQUALS, Operator.DIFFERS})
"""Operators that take `(a OR b)`."""


def parse(text: str) -> Node | None:
    """The tree of a query; None for one that says nothing.

    Raises:
        QueryError: It is no query.
    """
    if not text.isascii():
        _refuse_surrogates(text)
    return _Parser(text).query()


def _refuse_surrogates(text: str) -> None:
    """Text from a terminal may hold bytes that are no character; nothing can be compared with them."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise QueryError("This is no character.", text, error.start, error.end) from error


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._at = 0
        self._depth = 0
        self._terms = 0
        self._links = 0

    def query(self) -> Node | None:
        if self._peek().kind is TokenKind.END:
            return None
        node = self._disjunction()
        if self._peek().kind is not TokenKind.END:
            self._expected("a term")
        return node

    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _disjunction(self) -> Node:
        parts = [self._conjunction()]
        while self._peek().kind is TokenKind.OR:
            self._next()
            parts.append(self._conjunction())
        return parts[0] if len(parts) == 1 else Disjunction(tuple(parts), _around(parts))

    def _conjunction(self) -> Node:
        parts = [self._chain()]
        while True:
            if self._peek().kind is TokenKind.AND:
                self._next()
            elif self._peek().kind not in _TERM_STARTS:
                break
            parts.append(self._chain())
        return parts[0] if len(parts) == 1 else Conjunction(tuple(parts), _around(parts))

    def _chain(self) -> Node:
        left = self._relation()
        while self._is_link(Link.BOTH, Link.EITHER):
            left = self._linked(left, self._link(left), self._relation())
        return left

    def _relation(self) -> Node:
        left = self._unary()
        while self._is_link(Link.ANCESTOR, Link.PARENT):
            left = self._linked(left, self._link(left), self._unary())
        return left

    def _is_link(self, *links: Link) -> bool:
        return self._peek().kind is TokenKind.LINK and self._peek().pieces[0] in links

    def _link(self, left: Node) -> Link:
        token = self._next()
        link = Link(token.pieces[0])
        if not _is_braced(left):
            words = {Link.BOTH: "To ask both of one span, leave it out", Link.EITHER: "Between terms write OR"}
            suggestion = words.get(link, f"Such as {{kind:AGENT}} {link} {{kind:TOOL}}")
            self._wrong(
                f"`{link}` stands between braces.", token.start, token.end, expected="OR", suggestion=suggestion + "."
            )
        self._links += 1
        if self._links > MAX_LINKS:
            self._wrong(f"A query has at most {MAX_LINKS} of `>>`, `>`, `&&` and `||`.", token.start, token.end)
        return link

    def _linked(self, left: Node, link: Link, right: Node) -> Node:
        if not _is_braced(right):
            place = right.place
            self._wrong(
                f"Expected `{{` after `{link}`, found {cited(self._text[place.start : place.end])}.",
                place.start,
                place.end,
                expected="{",
                suggestion=f"Such as {{kind:AGENT}} {link} {{kind:TOOL}}.",
            )
        return Structure(link, left, right, Place(left.place.start, right.place.end))

    def _unary(self) -> Node:
        negations: list[Token] = []
        while self._peek().kind is TokenKind.NOT:
            negations.append(self._next())
            self._go_deeper(negations[-1])
        node = self._operand()
        for token in reversed(negations):
            node = Negation(node, Place(token.start, node.place.end))
        self._depth -= len(negations)
        return node

    def _operand(self) -> Node:
        token = self._peek()
        match token.kind:
            case TokenKind.OPEN | TokenKind.BRACE_OPEN:
                return self._bracketed()
            case TokenKind.WORD | TokenKind.PHRASE:
                return self._text_term()
            case TokenKind.KEY:
                return self._field_term()
            case _:
                self._expected("a term")

    def _bracketed(self) -> Node:
        opening = self._next()
        self._go_deeper(opening)
        in_braces = opening.kind is TokenKind.BRACE_OPEN
        closes = TokenKind.BRACE_CLOSE if in_braces else TokenKind.CLOSE
        inner = None if in_braces and self._peek().kind is closes else self._disjunction()
        if self._peek().kind is not closes:
            if self._peek().kind is TokenKind.END:
                self._wrong(
                    f"`{opening.kind}` is not closed.", opening.start, opening.end, expected=closes, incomplete=True
                )
            self._expected(f"`{closes}`")
        closing = self._next()
        self._depth -= 1
        place = Place(opening.start, closing.end)
        if in_braces:
            return Braces(inner, place)
        assert inner is not None  # only braces may be empty
        return replace(inner, place=place)

    def _text_term(self) -> Node:
        token = self._taken()
        place = Place(token.start, token.end)
        return TextTerm(Value(token.pieces, token.kind is TokenKind.PHRASE, place), place)

    def _field_term(self) -> Node:
        token = self._taken()
        key = Key(token.pieces[0], token.form, Place(token.start, token.end))
        operator = self._next()
        spelled = self._text[token.start : operator.end]
        if key.form is KeyForm.PLAIN and key.name.casefold() == HAS:
            return self._has_term(token, operator, spelled)
        name = Operator(operator.pieces[0])
        if self._peek().kind is TokenKind.SET:
            if name not in _WITH_SET:
                self._wrong(
                    f"`{name}` takes one value, not a set.",
                    self._peek().start,
                    self._peek().end,
                    expected="a value",
                    suggestion="Sets follow `:`, `=` and `!=`.",
                )
            values = self._set(spelled)
            place = Place(values[0].start, self._tokens[self._at - 1].end)
            found: Value | ValueSet = ValueSet(tuple(_value(each) for each in values), place)
            return FieldTerm(key, name, found, Place(token.start, place.end))
        if self._peek().kind is not TokenKind.VALUE:
            self._expected(f"a value after {cited(spelled)}")
        value = _value(self._taken())
        return FieldTerm(key, name, value, Place(token.start, value.place.end))

    def _has_term(self, token: Token, operator: Token, spelled: str) -> Node:
        if operator.pieces[0] not in (Operator.IS, Operator.EQUALS):
            self._wrong("`has` is followed by `:`.", operator.start, operator.end, expected=":")
        if self._peek().kind is TokenKind.SET:
            values = self._set(spelled)
        elif self._peek().kind is TokenKind.VALUE:
            values = [self._taken()]
        else:
            self._expected(f"a field or a key after {cited(spelled)}")
        keys = tuple(Key(each.pieces[0], each.form, Place(each.start, each.end)) for each in values)
        return HasTerm(keys, Place(token.start, self._tokens[self._at - 1].end))

    def _set(self, spelled: str) -> list[Token]:
        """The values between brackets."""
        opening = self._next()
        values: list[Token] = []
        while True:
            if self._peek().kind is not TokenKind.VALUE:
                self._expected("a value" if values else f"a value in the set after {cited(spelled)}")
            values.append(self._taken())
            if self._peek().kind is TokenKind.CLOSE:
                self._next()
                return values
            if self._peek().kind is TokenKind.END:
                self._wrong("`(` is not closed.", opening.start, opening.end, expected=")", incomplete=True)
            if self._peek().kind is not TokenKind.OR:
                self._expected("`OR` or `)`")
            self._next()

    def _taken(self) -> Token:
        """The next token, which must be in order, and counts."""
        token = self._next()
        if token.problem is not None:
            message, start, end, suggestion, incomplete = token.problem
            self._wrong(message, start, end, suggestion=suggestion, incomplete=incomplete)
        self._terms += 1
        if self._terms > MAX_TERMS:
            self._wrong(f"A query has at most {MAX_TERMS:,} terms.", token.start, token.end)
        return token

    def _go_deeper(self, token: Token) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._wrong(f"The query is nested deeper than {MAX_DEPTH} levels.", token.start, token.end)

    def _expected(self, what: str) -> NoReturn:
        token = self._peek()
        at_end = token.kind is TokenKind.END
        found = "the end" if at_end else cited(self._text[token.start : token.end])
        if token.kind in (TokenKind.CLOSE, TokenKind.BRACE_CLOSE) and what == "a term" and not self._depth:
            message = f"{found} closes nothing."
        else:
            message = f"Expected {what}, found {found}."
        suggestion = ""
        if token.kind is TokenKind.STRAY and what == "a term":
            suggestion = (
                "`-` stands directly before what it excludes."
                if found == "`-`"
                else f"A field stands before {found}, as in status:error."
            )
        self._wrong(
            message,
            token.start,
            token.end,
            expected=what,
            suggestion=suggestion,
            incomplete=token.kind in _BEGINNINGS and token.end >= len(self._text.rstrip()),
        )

    def _wrong(
        self, message: str, start: int, end: int, *, expected: str = "", suggestion: str = "", incomplete: bool = False
    ) -> NoReturn:
        found = self._text[start:end]
        raise QueryError(
            message,
            self._text,
            start,
            end,
            found=found,
            expected=expected,
            suggestion=suggestion,
            incomplete=incomplete,
        )


def _value(token: Token) -> Value:
    return Value(token.pieces, token.quoted, Place(token.start, token.end))


def _around(parts: list[Node]) -> Place:
    return Place(parts[0].place.start, parts[-1].place.end)


def _is_braced(node: Node) -> bool:
    match node:
        case Braces() | Structure():
            return True
        case Negation(part):
            return _is_braced(part)
        case Conjunction(parts) | Disjunction(parts):
            return all(map(_is_braced, parts))
        case _:
            return False
