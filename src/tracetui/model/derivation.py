"""The version of everything that is derived from a span: columns, totals, indexes."""

DERIVATION_VERSION = 6
"""Raised with every change to what `semconv.summary` or the roll-up makes of a span; written beside each row."""
