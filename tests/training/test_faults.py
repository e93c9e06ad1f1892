"""Which issues report a fault, as a trainer learns it."""

from __future__ import annotations

import gzip

import pytest

from riskml.adapters.git import GitRepository
from riskml.errors import InputError
from training.faults import read_fixes, repaired_by, told


def test_a_list_of_repairs_names_the_issues_of_their_subjects(repo, tmp_path):
    """The key that a repair's subject starts from is a fault; repairs of other repositories are passed over."""
    repo.commit("SHOP-1 Count right (see SHOP-2)", {"a.py": "1\n"})
    repo.commit("SHOP-3 More", {"a.py": "2\n"})
    first, _ = repo.git("rev-list", "--reverse", "HEAD").split()
    listed = tmp_path / "fixes.csv.gz"
    listed.write_bytes(gzip.compress(f"fix_hash,bug_hash\n{first},x\n{'f' * 40},y\n{first},z\n".encode()))
    git = GitRepository.open(repo.path)

    assert read_fixes(listed) == {first, "f" * 40}
    assert told([], [listed], git).faults == {"SHOP-1": None}


def test_exports_and_lists_add_up_and_nothing_is_not_empty(repo, tmp_path):
    """Without a source nobody knows; with an export that lists no fault, it is known that there was none."""
    repo.commit("Start", {"a.py": "1\n"})
    git = GitRepository.open(repo.path)
    export = tmp_path / "issues.csv"
    export.write_text("issue,type\nSHOP-9,Task\n")

    assert told([], [], git) is None
    assert told([export], [], git).faults == {}
    assert repaired_by(git, []) == {}


def test_a_file_without_the_column_is_refused(tmp_path):
    """The refusal names what is there and what is wanted."""
    listed = tmp_path / "fixes.csv"
    listed.write_text("sha\nabc\n")

    with pytest.raises(InputError, match=r"fixes\.csv.*sha.*fix_hash"):
        read_fixes(listed)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b'fix_hash\n"aaaa\n', id="open quote"),
        pytest.param(gzip.compress(b"fix_hash\naaaa\n", mtime=0)[:-6], id="cut gzip"),
        pytest.param(b"no gzip", id="no gzip"),
    ],
)
def test_a_damaged_list_is_refused(tmp_path, content):
    """A list that ends too early is no shorter list."""
    listed = tmp_path / ("fixes.csv" if content.startswith(b"fix") else "fixes.csv.gz")
    listed.write_bytes(content)

    with pytest.raises(InputError, match="not a readable CSV table"):
        read_fixes(listed)


def test_what_is_no_commit_id_is_no_repair(repo, tmp_path):
    """Git would take a name for a branch, and ``--all`` for every commit."""
    repo.commit("SHOP-1 Start", {"a.py": "1\n"})
    listed = tmp_path / "fixes.csv"
    listed.write_text("fix_hash,x\n--all,1\nHEAD,1\n,1\n^HEAD,1\n")

    assert told([], [listed], GitRepository.open(repo.path)).faults == {}
