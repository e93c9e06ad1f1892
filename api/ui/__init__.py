"""Pages for people, rendered on the server: no script, nothing loaded from elsewhere, everything that a change says escaped."""
