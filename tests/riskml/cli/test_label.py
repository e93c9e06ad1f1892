"""``riskml label`` from the outside."""

from __future__ import annotations

import json

from riskml.cli.label import _VARIANTS
from riskml.cli.main import main
from riskml.mine.szz import VARIANTS


def test_label_writes_a_row_per_commit(repo, tmp_path, capsys):
    """One line per commit, with the fix that tells on it; the count of harmful ones is told on stderr."""
    bad = repo.commit("Add", {"m.py": "a = 1\n"})
    fix = repo.commit("Fix a wrong value", {"m.py": "a = 2\n"})
    output = tmp_path / "labels.jsonl"

    assert main(["label", str(repo.path), "--output", str(output)]) == 0

    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert rows == [
        {"sha": bad, "harm": True, "source": "szz", "fix_sha": fix, "known_at": repo.now, "confidence": 1.0},
        {"sha": fix, "harm": False, "source": None, "fix_sha": None, "known_at": None, "confidence": None},
    ]
    assert "2 commits, 1 of them harmful" in capsys.readouterr().err


def test_variants_of_the_command_are_those_of_the_library():
    """The help names every algorithm there is."""
    assert tuple(VARIANTS) == _VARIANTS
