"""From a key in a query to what the store compares: a field, or an attribute."""

from __future__ import annotations

from tracetui.query.errors import QueryError, cited, likely
from tracetui.query.fields import BY_NAME, BY_OPERAND, RESERVED_PREFIXES, Field
from tracetui.query.lexer import HAS, TokenKind, is_plain_name, tokens
from tracetui.query.printer import spelled_key
from tracetui.query.tree import Key, KeyForm, Place
from tracetui.store.conditions import Attribute, Operand

_OF_RESOURCE = "resource."


def operand_of(key: Key, text: str) -> Operand:
    """What a key names.

    Args:
        key: The key as it was read.
        text: The whole query, for the error.

    Raises:
        QueryError: There is no such field, and no attribute can be meant.
    """
    if key.form is KeyForm.RESOURCE:
        return Attribute(key.name, of_resource=True)
    if key.form is KeyForm.ATTRIBUTE:
        return Attribute(key.name)
    name = key.name.casefold()
    if field := BY_NAME.get(name):
        return field.operand
    if name.startswith(_OF_RESOURCE) and len(name) > len(_OF_RESOURCE):
        return Attribute(key.name[len(_OF_RESOURCE) :], of_resource=True)
    if "." in name and not name.startswith(RESERVED_PREFIXES):
        return Attribute(key.name)
    raise _no_field(key, text)


def named(text: str) -> Operand:
    """What a key that stands by itself names, as after `--by`.

    Raises:
        QueryError: It is no key, or there is no such field.
    """
    read = tokens(f"{HAS}:{text.strip()}")
    if len(read) != 4 or read[2].kind is not TokenKind.VALUE or read[2].problem is not None:
        raise QueryError(f"{cited(text)} is no key.", text, 0, len(text), expected="a field or the key of an attribute")
    key = Key(read[2].pieces[0], read[2].form, Place(0, len(text)))
    return operand_of(key, text)


def key_of(operand: Operand) -> Key:
    """The key that names this, the plainest there is."""
    if not isinstance(operand, Attribute):
        return Key(operand.value)
    name = operand.key
    if operand.of_resource:
        plain = Key(_OF_RESOURCE + name)
        return plain if _names(plain, operand) else Key(name, KeyForm.RESOURCE)
    plain = Key(name)
    return plain if _names(plain, operand) else Key(name, KeyForm.ATTRIBUTE)


def field_of(operand: Operand) -> Field | None:
    """The field's entry in the table; None for an attribute."""
    return None if isinstance(operand, Attribute) else BY_OPERAND[operand]


def _names(key: Key, operand: Operand) -> bool:
    """Whether a plain key, read again, names just this."""
    if not is_plain_name(key.name):
        return False
    try:
        return operand_of(key, key.name) == operand
    except QueryError:
        return False


def _no_field(key: Key, text: str) -> QueryError:
    reserved = next((prefix for prefix in RESERVED_PREFIXES if key.name.casefold().startswith(prefix)), "")
    names = [name.removeprefix(reserved) for name in BY_NAME if name.startswith(reserved)]
    near = likely(key.name[len(reserved) :], names if reserved else [*names, HAS])
    near = near and reserved + near
    name = BY_NAME[near].name if near in BY_NAME else near
    ways = f"{cited(spelled_key(Key(key.name, KeyForm.ATTRIBUTE)))} asks for an attribute of that name"
    if text != key.name:  # else it stands by itself, where no text could be searched for
        ways += "" if name else ", quotes search for text"
    return QueryError(
        f"There is no field {cited(key.name)}.",
        text,
        key.place.start,
        key.place.end,
        found=key.name,
        expected="a field",
        suggestion=f"Did you mean `{name}`? {ways}." if name else f"{ways}.",
    )
