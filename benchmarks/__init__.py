"""Measures what DESIGN.md section 8 promises: `python -m benchmarks [NAME...]`."""
