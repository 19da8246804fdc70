"""A syntax tree to a condition for the store: names resolved, values read, types checked."""

from __future__ import annotations

from typing import NoReturn, assert_never

from tracetui.model.clock import SystemClock
from tracetui.model.words import words
from tracetui.query import literals
from tracetui.query.errors import QueryError, cited, likely
from tracetui.query.fields import Field, FieldType
from tracetui.query.names import field_of, operand_of
from tracetui.query.patterns import check_pattern
from tracetui.query.printer import spelled_value
from tracetui.query.tree import (
    Braces,
    Conjunction,
    Disjunction,
    FieldTerm,
    HasTerm,
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
from tracetui.store.conditions import (
    And,
    Attribute,
    Between,
    Compare,
    Comparison,
    Condition,
    Equals,
    Has,
    HasAncestor,
    HasParent,
    Like,
    Matches,
    Not,
    Operand,
    Or,
    SpanField,
    TraceHas,
    Words,
)

_COMPARISONS = {
    Operator.MORE: Comparison.MORE,
    Operator.AT_LEAST: Comparison.AT_LEAST,
    Operator.LESS: Comparison.LESS,
    Operator.AT_MOST: Comparison.AT_MOST,
}

_ID_DIGITS = {SpanField.TRACE: 32, SpanField.SPAN: 16}
_SHORTEST_BEGINNING = 3
"""Characters a word must have for the search to find longer ones that begin so."""

_EXPECTED = {
    FieldType.NUMBER: "a number such as 1000, 10k or 2M",
    FieldType.MONEY: "dollars such as $0.01",
    FieldType.DURATION: "a duration such as 250ms, 2s or 1.5m",
    FieldType.TIME: "a time such as -15m, 2026-11-22 or 2026-11-22T14:03",
}


def compile_query(node: Node, text: str, *, now_nano: int | None = None) -> Condition:
    """The condition of a tree that was read from this text.

    Raises:
        QueryError: It asks what cannot be asked.
    """
    return _Compiler(text, SystemClock().now_nano() if now_nano is None else now_nano).condition(node)


class _Compiler:
    def __init__(self, text: str, now_nano: int) -> None:
        self._text = text
        self._now_nano = now_nano

    def condition(self, node: Node) -> Condition:
        match node:
            case TextTerm(value):
                return self._words(value, None)
            case FieldTerm():
                return self._field(node)
            case HasTerm(keys):
                return _either([Has(operand_of(key, self._text)) for key in keys])
            case Negation(part):
                return Not(self.condition(part))
            case Conjunction(parts):
                return And(tuple(map(self.condition, parts)))
            case Disjunction(parts):
                return Or(tuple(map(self.condition, parts)))
            case Braces(part):
                return And(()) if part is None else self.condition(part)
            case Structure():
                return self._structure(node)

    def _structure(self, node: Structure) -> Condition:
        match node.link:
            case Link.ANCESTOR:
                return And((self.condition(node.right), HasAncestor(self.condition(node.left))))
            case Link.PARENT:
                return And((self.condition(node.right), HasParent(self.condition(node.left))))
            case Link.EITHER:
                return Or(tuple(map(self.condition, _linked(node, Link.EITHER))))
            case Link.BOTH:
                sides = [self.condition(side) for side in _linked(node, Link.BOTH)]
                others = [[TraceHas(other) for other in sides if other is not side] for side in sides]
                return Or(tuple(And((side, *rest)) for side, rest in zip(sides, others, strict=True)))

    def _field(self, term: FieldTerm) -> Condition:
        operand = operand_of(term.key, self._text)
        operator, value = term.operator, term.value
        if operator in (Operator.DIFFERS, Operator.MISSES):
            positive = Operator.IS if operator is Operator.DIFFERS else Operator.MATCHES
            if operator is Operator.DIFFERS and _of_words(operand):
                positive = Operator.EQUALS
            return Not(self._any(operand, positive, value))
        return self._any(operand, operator, value)

    def _any(self, operand: Operand, operator: Operator, value: Value | ValueSet) -> Condition:
        if isinstance(value, ValueSet):
            return _either([self._one(operand, operator, each) for each in value.values])
        return self._one(operand, operator, value)

    def _one(self, operand: Operand, operator: Operator, value: Value) -> Condition:
        """One operand, one operator, one value."""
        if operator is Operator.MATCHES:
            return self._pattern(operand, value)
        if not value.quoted and value.pieces == ("", ""):
            if operator in _COMPARISONS:
                self._wrong(value.place, f"`{operator}` needs a value, not `*`.")
            return Has(operand)
        field = field_of(operand)
        if field is None:
            assert isinstance(operand, Attribute)  # all else is a field
            return self._attribute(operand, operator, value)
        match field.type:
            case FieldType.NUMBER | FieldType.MONEY | FieldType.DURATION | FieldType.TIME:
                return self._measure(field, operator, value)
            case FieldType.BOOLEAN:
                return self._boolean(field, operator, value)
            case FieldType.WORDS:
                self._refuse_comparison(field.name, operator, value)
                if operator is Operator.EQUALS:
                    return _text(field.operand, value)
                assert isinstance(field.operand, SpanField)  # only a span's fields are searched by words
                if field.operand is SpanField.ERROR and not value.quoted and value.text.casefold() in ("true", "false"):
                    failed = Has(field.operand)
                    return failed if value.text.casefold() == "true" else Not(failed)
                return self._words(value, field.operand)
            case FieldType.CHOICE:
                self._refuse_comparison(field.name, operator, value)
                return self._choice(field, value)
            case FieldType.ID:
                self._refuse_comparison(field.name, operator, value)
                return self._id(field, operator, value)
            case FieldType.TEXT:
                self._refuse_comparison(field.name, operator, value)
                return _text(field.operand, value)
            case _:
                assert_never(field.type)

    def _words(self, value: Value, within: SpanField | None) -> Condition:
        """Text to search for by its words; a `*` may stand at its end, where it says what holds anyway."""
        text = value.text if value.quoted else value.pieces[0]
        if not value.quoted and len(value.pieces) > 1 and value.pieces[1:] != ("",):
            self._wrong(
                value.place,
                "A `*` in searched text can only stand at its end.",
                suggestion="In a field it may stand anywhere: name:*chat*.",
            )
        found = words(text)
        if not found:
            self._wrong(value.place, "There is no letter or digit to search for.", expected="a word")
        if not value.quoted and len(value.pieces) > 1 and found[-1].isascii() and len(found[-1]) < _SHORTEST_BEGINNING:
            self._wrong(
                value.place, f"A beginning has {_SHORTEST_BEGINNING} letters or more.", expected="a longer word"
            )
        return Words(text, whole=value.quoted, within=within)

    def _pattern(self, operand: Operand, value: Value) -> Condition:
        field = field_of(operand)
        if field is not None and field.type not in (FieldType.TEXT, FieldType.CHOICE, FieldType.ID, FieldType.WORDS):
            self._wrong(
                value.place,
                f"`{field.name}` is no text; a regular expression finds nothing in it.",
                expected=_EXPECTED.get(field.type, "true or false"),
            )
        check_pattern(value.text, self._text, value.place)
        return Matches(operand, value.text)

    def _choice(self, field: Field, value: Value) -> Condition:
        if not value.quoted and len(value.pieces) > 1:
            return _text(field.operand, value)
        by_name = {each.casefold(): each for each in field.values}
        chosen = by_name.get(value.text.casefold())
        if chosen is None:
            near = likely(value.text, list(by_name))
            listed = ", ".join(field.values)
            self._wrong(
                value.place,
                f"`{field.name}` is never {cited(value.text) if value.text else 'empty'}.",
                expected=f"one of {listed}",
                suggestion=f"Did you mean `{by_name[near]}`?" if near else f"It is one of {listed}.",
            )
        return Equals(field.operand, chosen)

    def _boolean(self, field: Field, operator: Operator, value: Value) -> Condition:
        text = {"yes": "true", "no": "false"}.get(value.text.casefold(), value.text.casefold())
        if operator not in (Operator.IS, Operator.EQUALS) or text not in ("true", "false"):
            self._wrong(value.place, f"`{field.name}` is `true` or `false`.", expected="true or false")
        return Equals(field.operand, text)

    def _id(self, field: Field, operator: Operator, value: Value) -> Condition:
        assert isinstance(field.operand, SpanField)  # a trace's id is a field of its spans
        digits = _ID_DIGITS[field.operand]
        text = value.text.casefold()
        if not text or len(text) > digits or not set(text) <= set("0123456789abcdef" + "*" * (not value.quoted)):
            self._wrong(
                value.place,
                f"The id of a {field.name} has {digits} hex digits, or fewer for its beginning.",
                expected="hex digits",
            )
        if len(value.pieces) > 1 and not value.quoted:
            return _text(field.operand, value)
        if operator is Operator.IS and len(text) < digits:
            return Like(field.operand, (text, ""))
        return Equals(field.operand, text)

    def _measure(self, field: Field, operator: Operator, value: Value) -> Condition:
        """A number, a duration, money or a time, or a range of one of them."""
        operand, text = field.operand, value.text
        if operator in _COMPARISONS:
            return self._compared(field, _COMPARISONS[operator], text, value.place)
        low, separator, high = text.partition("..")
        if separator and not value.quoted:
            if not low and not high:
                self._wrong(value.place, "A range needs at least one end.", expected=f"{_EXPECTED[field.type]}")
            ends = []
            if low:
                ends.append(self._compared(field, Comparison.AT_LEAST, low, _within(value.place, 0, len(low))))
            if high:
                place = _within(value.place, len(low) + 2, len(text))
                ends.append(self._compared(field, Comparison.AT_MOST, high, place))
            return _range(ends)
        if field.type is not FieldType.TIME:
            return Compare(operand, Comparison.EQUAL, self._number(field, text, value.place))
        start, end = self._stretch(field, text, value.place)
        since = Compare(operand, Comparison.AT_LEAST, start)
        if text.startswith("-"):  # nobody asks for one nanosecond, but for the time since
            return since
        return And((since, Compare(operand, Comparison.LESS, end)))

    def _compared(self, field: Field, comparison: Comparison, text: str, place: Place) -> Compare:
        if field.type is not FieldType.TIME:
            return Compare(field.operand, comparison, self._number(field, text, place))
        start, end = self._stretch(field, text, place)
        if end - start == 1:
            return Compare(field.operand, comparison, start)
        match comparison:
            case Comparison.MORE:
                return Compare(field.operand, Comparison.AT_LEAST, end)
            case Comparison.AT_MOST:
                return Compare(field.operand, Comparison.LESS, end)
            case _:
                return Compare(field.operand, comparison, start)

    def _number(self, field: Field, text: str, place: Place) -> int | float:
        match field.type:
            case FieldType.DURATION:
                found = literals.duration(text)
            case FieldType.MONEY:
                found = literals.money(text)
            case _:
                found = literals.number(text)
        if found is not None:
            return found
        suggestion = ""
        if field.type is FieldType.DURATION and literals.number(text) is not None:
            suggestion = f"A duration needs a unit: `{text}ms` or `{text}s`."
        elif field.type is FieldType.NUMBER and literals.number(text[:-1] + text[-1:].upper()) is not None:
            suggestion = f"A million is `M`: `{text[:-1]}{text[-1:].upper()}`."
        self._expected(field, text, place, suggestion)

    def _stretch(self, field: Field, text: str, place: Place) -> literals.Stretch:
        found = literals.moment(text, self._now_nano)
        if found is not None:
            return found
        before = literals.duration(text)
        self._expected(field, text, place, f"Before now is `-{text}`." if before else "")

    def _expected(self, field: Field, text: str, place: Place, suggestion: str) -> NoReturn:
        what = _EXPECTED[field.type]
        self._wrong(
            place,
            f"`{field.name}` is compared with {what}, not with {cited(text)}.",
            expected=what,
            suggestion=suggestion,
        )

    def _attribute(self, operand: Attribute, operator: Operator, value: Value) -> Condition:
        """An attribute has no type: what the value looks like decides."""
        text = value.text
        if operator in _COMPARISONS:
            found = None if value.quoted else literals.number(text)
            if found is None:
                timed = literals.duration(text) is not None
                self._wrong(
                    value.place,
                    f"`{operator}` compares an attribute with a number, not with {cited(text)}.",
                    expected="a number",
                    suggestion="An attribute has no unit of time: write its number as the sender does." * timed,
                )
            return Compare(operand, _COMPARISONS[operator], found)
        if value.quoted or len(value.pieces) > 1:
            return _text(operand, value)
        low, separator, high = text.partition("..")
        if separator and (low or high):
            ends = [(Comparison.AT_LEAST, low), (Comparison.AT_MOST, high)]
            numbers = [(comparison, literals.number(end)) for comparison, end in ends if end]
            bounds = [Compare(operand, comparison, end) for comparison, end in numbers if end is not None]
            if len(bounds) == len(numbers):
                return _range(bounds)
        found = literals.number(text)
        if found is None or str(found) == text:
            return Equals(operand, text)
        return Or((Equals(operand, text), Compare(operand, Comparison.EQUAL, found)))

    def _refuse_comparison(self, name: str, operator: Operator, value: Value) -> None:
        if operator in _COMPARISONS:
            self._wrong(
                value.place,
                f"`{name}` is text; `{operator}` compares numbers.",
                suggestion=f"Write {cited(f'{name}:{spelled_value(value.text)}')}.",
            )

    def _wrong(self, place: Place, message: str, *, expected: str = "", suggestion: str = "") -> NoReturn:
        found = self._text[place.start : place.end]
        raise QueryError(
            message,
            self._text,
            place.start,
            place.end,
            found=found,
            expected=expected,
            suggestion=suggestion,
            incomplete=place.end == len(self._text.rstrip()),
        )


def _of_words(operand: Operand) -> bool:
    field = field_of(operand)
    return field is not None and field.type is FieldType.WORDS


def _text(operand: Operand, value: Value) -> Condition:
    """Equality of text; likeness where it has wildcards."""
    if len(value.pieces) > 1 and not value.quoted:
        return Like(operand, value.pieces)
    return Equals(operand, value.text)


def _linked(node: Node, link: Link) -> list[Node]:
    """The sides of a chain of one link, from left to right."""
    sides: list[Node] = []
    while isinstance(node, Structure) and node.link is link:
        sides.append(node.right)
        node = node.left
    return [node, *reversed(sides)]


def _either(conditions: list[Condition]) -> Condition:
    return conditions[0] if len(conditions) == 1 else Or(tuple(conditions))


def _range(ends: list[Compare]) -> Condition:
    """One end, or both: of what may have several values one and the same must lie between them."""
    if len(ends) == 1:
        return ends[0]
    low, high = ends
    if isinstance(low.operand, Attribute) or low.operand is SpanField.SCORE:
        return Between(low.operand, low.number, high.number)
    return And((low, high))


def _within(place: Place, start: int, end: int) -> Place:
    """A part of a value; where escapes have made the value shorter than its place, all of it."""
    return Place(place.start + start, place.start + end) if place.start + end <= place.end else place
