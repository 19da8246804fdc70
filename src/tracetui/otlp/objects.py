"""Slices as OTLP/JSON objects and back, exactly.

Most slices are what `json_parse` makes of their JSON. Where one is not (unknown fields, fields in another order, a NaN
with a payload, an encoder with habits of its own), the object carries the slice itself under `EXACT`, a key that other
tools ignore. It is believed only while it says the same as the rest of the object, so an edited object wins over it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from msgspec import Struct
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tracetui.errors import InvalidSpan
from tracetui.otlp import json_fields
from tracetui.otlp.json_fields import JSONDict
from tracetui.otlp.json_parse import JSONObject, JSONParser
from tracetui.otlp.messages import parse_message

EXACT = "tracetui.bytes"
"""Key of the base64 of the exact slice, where the JSON alone would not give it back."""


class ObjectKind(Struct, frozen=True):
    """One kind of slice that has a JSON object."""

    message_class: Any
    to_fields: Callable[[Any], JSONDict]
    from_fields: Callable[[JSONParser, JSONObject], bytes]

    def to_json(self, data: bytes) -> JSONDict:
        """The object of a slice; `from_json` gives the same bytes back.

        Raises:
            InvalidSpan: The slice is unreadable.
        """
        result = self.to_fields(parse_message(self.message_class, data))
        if self.from_fields(JSONParser(), result) != data:
            result[EXACT] = base64.b64encode(data).decode()
        return result

    def from_json(self, parser: JSONParser, given: JSONObject) -> bytes:
        """The slice of an object.

        Raises:
            InvalidSpan: A field has a value it cannot have.
        """
        exact = given.get(EXACT)
        if isinstance(exact, str) and (data := self._believed(exact, given)) is not None:
            return data
        return self.from_fields(parser, given)

    def _believed(self, exact: str, given: JSONObject) -> bytes | None:
        """The exact slice, if it says what the object says."""
        try:
            data = base64.b64decode(exact, validate=True)
            said = self.to_fields(parse_message(self.message_class, data))
        except (binascii.Error, ValueError, InvalidSpan):
            return None
        return data if said == {key: value for key, value in given.items() if key != EXACT} else None


SPAN = ObjectKind(Span, json_fields.span_fields, JSONParser.span)
LOG_RECORD = ObjectKind(LogRecord, json_fields.log_record_fields, JSONParser.log_record)
RESOURCE = ObjectKind(Resource, json_fields.resource_fields, JSONParser.resource)
SCOPE = ObjectKind(InstrumentationScope, json_fields.scope_fields, JSONParser.scope)
