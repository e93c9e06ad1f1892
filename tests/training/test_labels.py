"""Labels: claims with a date."""

from __future__ import annotations

import gzip

import pytest

from riskml.errors import InputError
from training.labels import read_apachejit

HEAD = "commit_id,repo,buggy,fix,author_date,commit_date,first_fix_date,last_fix_date,n_fixes,in_test_small\n"
HARMFUL = f"{'a' * 40},apache/x,True,False,1000,1000,2013-08-22 20:31:07,2013-08-22 20:31:07,1,False\n"
CLEAN = f"{'b' * 40},apache/x,False,False,2000,2000,,,,False\n"


def test_a_harm_is_known_since_its_first_fix(tmp_path):
    """A harmful change carries the time of its first fix, a clean one no time at all."""
    (tmp_path / "l.csv").write_text(HEAD + HARMFUL + CLEAN)

    harmful, clean = read_apachejit(tmp_path / "l.csv")

    assert (harmful.sha, harmful.repository, harmful.harm, harmful.known_at) == ("a" * 40, "apache/x", True, 1377203467)
    assert (clean.sha, clean.harm, clean.known_at) == ("b" * 40, False, None)


def test_a_zipped_file_is_the_same_file(tmp_path):
    """Gzipped CSV is read as it is."""
    (tmp_path / "l.csv").write_text(HEAD + HARMFUL + CLEAN)
    (tmp_path / "l.csv.gz").write_bytes(gzip.compress((HEAD + HARMFUL + CLEAN).encode()))

    assert list(read_apachejit(tmp_path / "l.csv.gz")) == list(read_apachejit(tmp_path / "l.csv"))


@pytest.mark.parametrize(("text", "words"), [
    ("commit_id,repo\n", "columns are missing"),
    (HEAD + HARMFUL.replace("True", "yes"), "line 2 buggy.*expected True or False"),
    (HEAD + HARMFUL.replace("2013-08-22 20:31:07", "", 1), "without the time of its fix"),
    (HEAD + CLEAN + HARMFUL.replace("2013-08-22 20:31:07", "soon", 1), "line 3 first_fix_date"),
    (HEAD + CLEAN.replace("2000", "early", 1), "line 2 author_date"),
    (HEAD + CLEAN + HARMFUL.replace("a" * 40, "aa", 1), "line 3 commit_id: got 'aa'; expected a full commit id"),
])
def test_a_broken_line_is_named(tmp_path, text, words):
    """A label that cannot be read is an error with its place, never a clean change."""
    (tmp_path / "l.csv").write_text(text)

    with pytest.raises(InputError, match=words):
        list(read_apachejit(tmp_path / "l.csv"))
