"""The machinery that every convention shares.

It spells no key of a convention; `exception.*` alone are here, which are OpenTelemetry's own.
"""
