"""The client of the riskml service, for CI and bots: timeouts, retries with jitter, a circuit breaker."""
