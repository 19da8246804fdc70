"""OTLP on the wire, and back: pure functions over bytes. The only package that reads protobuf.

    wire           walks an export request and slices its spans or log records out
    decode         one slice to a validated protobuf message, or to the model
    json_request   an OTLP/JSON request to the same slices
    encode         slices to OTLP/JSON and protobuf requests, without loss
    metrics        counts what a metrics request holds
    objects        one slice to its OTLP/JSON object and back, exactly (json_fields, json_parse: the two directions)
    messages       bytes to protobuf messages, deeper than the library follows
    protowire      primitives of the protobuf encoding

Follows opentelemetry-proto 1.x (trace, logs, metrics v1).
"""
