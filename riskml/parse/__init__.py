"""Bytes from outside to records: logs, diffs, test and coverage reports. Nothing here trusts its input."""
