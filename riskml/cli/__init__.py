"""The ``riskml`` command: one file a verb; wires adapters to the library and prints."""
