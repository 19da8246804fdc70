"""OTLP on the wire, and back: pure functions over bytes. The only package that reads protobuf.

    wire           walks an export request and slices its spans or log records out
    decode         one slice to a validated protobuf message, or to the model
    json_request   an OTLP/JSON request to the same slices
    encode         slices to OTLP/JSON and protobuf requests, without loss
    json_fields    one slice to its OTLP/JSON object
    json_parse     one OTLP/JSON object to its slice
    protowire      the few protobuf encoding primitives that the above share

Follows opentelemetry-proto 1.x (trace, logs, metrics v1).
"""
