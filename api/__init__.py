"""The HTTP application that serves assessments and plans."""
