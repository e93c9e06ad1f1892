"""A whole history in one pass: log stream, records, history fold, features, resumable state."""
