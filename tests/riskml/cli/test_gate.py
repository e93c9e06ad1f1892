"""A decision becomes an exit code only as far as the user asked for one."""

import pytest

from riskml.cli.gate import FAIL_ON, exit_code

CASES = {
    # band, held -> code under never, block, high, unknown
    ("low", False): (0, 0, 0, 0),
    ("medium", False): (0, 0, 0, 0),
    ("high", False): (0, 0, 10, 10),
    ("unknown", False): (0, 0, 0, 30),
    ("low", True): (0, 20, 20, 20),
    ("high", True): (0, 20, 20, 20),
}


@pytest.mark.parametrize(("decision", "codes"), CASES.items())
def test_each_level_includes_the_one_before(decision: tuple[str, bool], codes: tuple[int, ...]) -> None:
    """``never`` passes all, ``block`` stops held releases, ``high`` also high bands, ``unknown`` also unknown ones."""
    band, held = decision

    assert tuple(exit_code({"band": band, "hold": held}, level) for level in FAIL_ON) == codes
