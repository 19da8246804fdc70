"""The machinery that every convention shares; knows no attribute key of its own."""
