"""Figures as ratios against a named peer or limit that runs beside them: ``python -m benchmarks NAME``."""
