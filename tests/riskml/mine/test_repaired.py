"""Which commits repaired a reported fault, and a history that is told so."""

from __future__ import annotations

import pytest

from riskml.adapters.git import GitRepository
from riskml.features.catalogue import NAMES
from riskml.issues import Issues
from riskml.mine.repaired import repaired
from riskml.mine.rows import mine
from riskml.mine.state import update


def test_commits_are_found_by_the_fault_their_subject_names(repo):
    """Any message is read, whatever its encoding; an issue that is mentioned on the way does not count."""
    repo.commit("Start", {"x.py": "1\n"})
    repo.commit("APP-7 Größe zählen\n\nSee APP-8.", {"x.py": "2\n"})
    repo.commit("Count\n\nRefs APP-8", {"x.py": "3\n"})
    _, second, third = repo.git("rev-list", "--reverse", "HEAD").split()
    source = GitRepository.open(repo.path)

    assert repaired(source, Issues({"APP-7": None, "APP-8": None}), third) == {second: "APP-7", third: "APP-8"}
    assert repaired(source, Issues({"APP-8": None}), second) == {}


def test_history_grown_in_steps_tells_what_one_mined_at_once_tells(repo, grow, tmp_path):
    """Whoever mines daily gets the vectors of who mines everything, whatever the branches."""
    grow(repo, seed=5)
    messages = repo.git("log", "--format=%H %s").splitlines()
    assert any("Fix" in line for line in messages)
    issues = Issues({"#7": None})
    for number in range(6):
        repo.commit(f"{'#7 Repair' if number % 2 else 'Add'}", {"app/a.py": f"{number}\n", "lib/n.py": f"{number}\n"})
    shas = repo.git("rev-list", "--first-parent", "--reverse", "HEAD").split()
    source = GitRepository.open(repo.path)
    for sha in shas[len(shas) // 2::3]:
        update(source, tmp_path / "state", sha, issues=issues)

    grown = update(source, tmp_path / "state", shas[-1], issues=issues)
    bulk = {row.sha: row.vector for row in mine(source, issues=issues)}

    at = NAMES.index("reported_fixes")
    assert any(bulk[sha][at] > 1 for sha in grown.vectors)
    for sha, vector in grown.vectors.items():
        assert list(vector) == pytest.approx(list(bulk[sha]), nan_ok=True)


def test_kept_vectors_rest_on_the_export_that_is_asked(repo, tmp_path):
    """Another export, or none, mines them anew; the same one finds them kept."""
    repo.commit("APP-1 Start", {"x.py": "1\n"})
    for number in range(4):
        repo.commit(f"APP-{number + 2} Go on", {"x.py": f"{number}\n"})
    source, tip = GitRepository.open(repo.path), repo.git("rev-parse", "HEAD").strip()
    at = NAMES.index("reported_fixes")

    def kept(issues):
        return [vector["reported_fixes"] for vector in update(source, tmp_path / "s", tip, issues=issues).recent(tip)]

    assert kept(Issues({})) == [0, 0, 0, 0, 0]
    assert kept(Issues({"APP-1": None, "APP-2": None})) == [2, 2, 2, 1, 0]
    assert all(vector != vector for vector in kept(None))
    assert [row.vector[at] for row in mine(source, issues=Issues({"APP-1": None}))] == kept(Issues({"APP-1": None}))[::-1]
