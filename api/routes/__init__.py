"""Routes translate: wire in, one call, wire out."""
