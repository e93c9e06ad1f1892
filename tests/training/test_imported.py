"""Labels from tables: read as they are meant, or refused with their place."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskml.errors import InputError
from training.claims import Claim
from training.imported import read

HEAD = "sha,harm,source,known_at,confidence\n"
SHA = "a" * 40


def test_a_table_tells_who_says_what_since_when(tmp_path):
    """Its own names stay as origin; names that riskml knows keep their rank; empty cells are open."""
    (tmp_path / "l.csv").write_text(
        "repository," + HEAD + f"acme/shop,{SHA},true,tickets,2024-05-01T00:00:00Z,0.9\n,{'b' * 40},0,dispute,1700000000,\n")

    tickets, dispute = read(tmp_path / "l.csv")

    assert tickets.claim == Claim(SHA, True, "imported", 1714521600.0, 0.9, "tickets")
    assert (tickets.repository, tickets.authored_at) == ("acme/shop", None)
    assert dispute.claim == Claim("b" * 40, False, "dispute", 1700000000.0, 1.0, "dispute")


def test_ids_are_read_as_git_reads_them(tmp_path):
    """In capitals, with blanks around them, and of SHA-256."""
    (tmp_path / "l.csv").write_text(HEAD + f" {'AB' * 20} ,true,x,1,1\n{'c' * 64},true,x,1,1\n")

    assert [row.claim.sha for row in read(tmp_path / "l.csv")] == ["ab" * 20, "c" * 64]


def test_parquet_is_the_same_table(tmp_path):
    """What ``riskml label`` writes is read: a commit against which nothing was found is SZZ's clean one."""
    pq.write_table(pa.table({
        "sha": [SHA, "b" * 40], "harm": [True, False], "source": ["revert", None], "known_at": [1700000000, None],
        "confidence": [1.0, None]}), tmp_path / "l.parquet")

    harmful, clean = (row.claim for row in read(tmp_path / "l.parquet"))

    assert (harmful.source, harmful.harm, harmful.known_at) == ("revert", True, 1700000000.0)
    assert (clean.source, clean.harm, clean.known_at) == ("szz", False, None)


def test_apachejit_is_known_by_its_columns(tmp_path):
    """Its rows are imported labels with the time and the repository that they bring."""
    (tmp_path / "l.csv").write_text("commit_id,repo,buggy,author_date,first_fix_date\n"
                                    f"{SHA},apache/x,True,1000,2013-08-22 20:31:07\n")

    (row,) = read(tmp_path / "l.csv")

    assert (row.claim.source, row.claim.origin, row.repository, row.authored_at) == ("imported", "apachejit", "apache/x", 1000)


@pytest.mark.parametrize(("text", "words"), [
    ("sha,harm\n", "columns are missing.*source.*known_at.*confidence"),
    (HEAD + f"{SHA},maybe,x,1,1\n", "row 2 harm.*expected true or false"),
    (HEAD + f"{SHA},true,x,,1\n", "row 2 known_at"),
    (HEAD + f"{SHA},true,x,soon,1\n", "row 2 known_at.*soon"),
    (HEAD + f"{SHA},true,x,inf,1\n", "row 2 known_at"),
    (HEAD + f"{SHA},true,x,1e300,1\n", "row 2 known_at.*1e"),
    (HEAD + f"{SHA},true,x,1700000000000,1\n", "row 2 known_at"),
    (HEAD + f'{SHA},true,"x,1,1\n{SHA},true,x,1,1\n', "not a readable CSV table"),
    (HEAD + f"{SHA},true,x,1,1.5\n", "row 2 confidence.*1.5"),
    (HEAD + ",true,x,1,1\n", "not a commit id at .*row 2 sha: got ''; expected a full commit id"),
    (HEAD + f"{SHA},true,x,1,1\nmain,true,x,1,1\n", "row 3 sha: got 'main'; expected a full commit id: 40 hex"),
    (HEAD + f"{SHA[:12]},true,x,1,1\n", "row 2 sha: got 'a{12}'"),
    (HEAD + f"{SHA}g,true,x,1,1\n", "row 2 sha"),
])
def test_a_broken_row_is_named(tmp_path, text, words):
    """A label that cannot be read is an error with its place, never a clean change."""
    (tmp_path / "l.csv").write_text(text)

    with pytest.raises(InputError, match=words):
        list(read(tmp_path / "l.csv"))
    with pytest.raises(InputError, match="not a readable"):
        list(read(tmp_path / "none.csv"))
