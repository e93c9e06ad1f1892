"""The HTTP application that serves assessments and plans."""

API_VERSION = "1.0"
"""Version of the wire. Released field names keep their meaning as long as the first number stands."""
