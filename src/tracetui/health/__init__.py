"""Whether everything is in order: facts in words, the same for `tracetui doctor` and the status screen."""
