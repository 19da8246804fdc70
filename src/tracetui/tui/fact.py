"""Messages that carry something: fields declared as in a dataclass, without what making one costs."""

from __future__ import annotations

from typing import Any, ClassVar, dataclass_transform

from textual.message import Message


@dataclass_transform(eq_default=False)
class Fact(Message):
    """A message with the fields that its annotations name.

    Dataclasses write and compile the source of their methods: for all our messages that takes 6 ms of the start.
    """

    fields: ClassVar[tuple[str, ...]] = ()
    """The names of the fields, in order."""

    def __init_subclass__(cls, **options: Any) -> None:
        """Learn the fields."""
        super().__init_subclass__(**options)
        cls.fields = (*cls.fields, *cls.__dict__.get("__annotations__", ()))

    def __init__(self, *values: object, **named: object) -> None:
        """Take the fields, by place or by name; a default stands in the class."""
        super().__init__()
        for name, value in zip(self.fields, values, strict=False):
            setattr(self, name, value)
        for name, value in named.items():
            setattr(self, name, value)
