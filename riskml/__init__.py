"""riskml: how risky a software change is to release, and how to release it."""
