"""Numbers about a change, one group of ideas a file; ``catalogue`` is the table of them all."""
