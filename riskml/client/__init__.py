"""The client of the riskml service, for CI and bots: timeouts, retries with jitter, a circuit breaker."""

from riskml.client.backoff import Backoff
from riskml.client.breaker import BreakerSettings, CircuitBreaker
from riskml.client.http import ReportFile, RiskClient

__all__ = ["Backoff", "BreakerSettings", "CircuitBreaker", "ReportFile", "RiskClient"]
