"""What holds for all tests in CI: the same examples for the same commit, and no skip for what can be installed."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

EXCUSED = ("not beside", "shared", "absent", "no official schema", "no schema", "only root")
"""Words of the reasons that hold in CI, too: material that stays beside the checkout, rights that a machine does not give."""


settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("ci")  # a gate says the same of the same commit; at a desk every run looks for new counterexamples


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the skips that CI does not accept, and fail the run (``RISKML_REQUIRE_TOOLS=yes``)."""
    if os.environ.get("RISKML_REQUIRE_TOOLS") != "yes":
        return
    skipped = terminalreporter.stats.get("skipped", ())
    reasons = {str(report.longrepr[2]) for report in skipped if isinstance(report.longrepr, tuple)}
    refused = sorted(reason for reason in reasons if not any(word in reason for word in EXCUSED))
    if refused:
        terminalreporter.section("skipped for what can be installed")
        for reason in refused:
            terminalreporter.line(reason)
        terminalreporter._session.exitstatus = pytest.ExitCode.TESTS_FAILED  # the one place from which pytest takes it
