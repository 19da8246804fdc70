"""Real captured traces, and their replay as if they happened now."""
