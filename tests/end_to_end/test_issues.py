"""An issue tracker's export on the command line."""

from __future__ import annotations

import pytest


@pytest.fixture
def tracked(repo):
    """Give a repository whose messages name issues, with a change on top."""
    repo.commit("SHOP-1 Start", {"a.py": "1\n"})
    repo.commit("SHOP-2 Count the last page", {"a.py": "2\n"})
    repo.commit("SHOP-3 New basket", {"a.py": "3\n", "b.py": "1\n"})
    repo.git("switch", "-q", "-c", "feature")
    repo.commit("SHOP-4 More", {"a.py": "4\n"})
    return repo


@pytest.fixture
def export(tmp_path):
    """Give an export that calls one issue a bug."""
    path = tmp_path / "issues.csv"
    path.write_text("issue,type\nSHOP-1,Story\nSHOP-2,Bug\nSHOP-3,Story\n")
    return path


def test_an_export_tells_what_messages_do_not(riskml, tracked, export):
    """With it the repairs of reported faults are counted; without it they are unknown, whatever was kept in between."""
    def reported(*args):
        ran = riskml("features", tracked.path, "--base", "main", "--head", "feature", *args)
        assert (ran.code, ran.err) == (0, "")
        return {name: value for name, value in ran.json["features"].items() if "reported" in name}

    without, with_, again = reported(), reported("--issues", export), reported()

    assert set(without.values()) == {None}
    assert with_["reported_fixes"] == 1.0
    assert with_["repo_reported_share_365d"] == pytest.approx(1 / 3)
    assert again == without
    export.write_text("issue,type\nSHOP-2,Bug\nSHOP-3,Bug\n")
    assert reported("--issues", export)["reported_fixes"] == 2.0


def test_an_untold_tracker_is_one_unknown_not_many(remodel, riskml, tracked, export):
    """Who has no tracker reads of it once; who has, not at all."""
    model = remodel(features=("la", "reported_fixes", "reported_fixes_90d"), feature_quantiles={}, background=())
    ask = ("predict", tracked.path, "--base", "main", "--head", "feature", "--format", "json", "--artifact", model)

    assert [n for n in riskml(*ask).json["unknown"] if "reported" in n] == ["reported_fixes"]
    assert not [n for n in riskml(*ask, "--issues", export).json["unknown"] if "reported" in n]


@pytest.mark.parametrize(("content", "words"), [
    (None, ["cannot read the issues", "issues.csv"]),
    ("key;type\n", ["columns are missing", "issue,type"]),
    ("issue,type\nnonsense,Bug\n", ["issues.csv line 2 issue", "nonsense"]),
])
def test_a_bad_export_is_refused_with_its_place(riskml, tracked, export, content, words):
    """One line, exit code 2."""
    export.unlink() if content is None else export.write_text(content)

    ran = riskml("predict", tracked.path, "--issues", export)

    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert all(word in ran.err for word in words)
