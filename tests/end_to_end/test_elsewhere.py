"""Changes whose contents lie elsewhere, in Git LFS (without git-lfs) and in submodules: nothing is scored silently."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

BEHIND = "what lies behind the Git LFS pointer model.bin was not read: what changed there is unknown, and not scored"
INSIDE = "the submodule libs/money moved: what changed inside is unknown, and was not scored"
LFS = {"filter.lfs.clean": "git-lfs clean -- %f", "filter.lfs.smudge": "git-lfs smudge -- %f",
       "filter.lfs.process": "git-lfs filter-process", "filter.lfs.required": "true"}


def pointer(content: bytes) -> str:
    """Return what git-lfs puts in the place of a content."""
    return (f"version https://git-lfs.github.com/spec/v1\noid sha256:{hashlib.sha256(content).hexdigest()}\n"
            f"size {len(content)}\n")


@pytest.fixture
def stored(shop: Any) -> Any:
    """Give a repository that keeps a large file by a pointer, which moves on the branch ``feature``."""
    shop.git("switch", "-q", "main")
    shop.commit("Keep the model elsewhere", {".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n",
                                             "model.bin": pointer(b"first")})
    shop.git("tag", "v1")
    shop.git("switch", "-q", "-C", "feature")
    shop.commit("Learn anew", {"model.bin": pointer(b"second" * 1_000_000)})
    shop.git("tag", "v2")
    return shop


@pytest.mark.parametrize("installed", [False, True], ids=["plain", "as git-lfs configures it"])
@pytest.mark.parametrize("options", [("--base", "main", "--head", "feature"), ("--head", "feature"),
                                     ("--base", "v1", "--head", "v2")], ids=["range", "branch", "release"])
def test_what_lies_behind_a_pointer_is_named_as_unread(judged, stored, options, installed):
    """With git-lfs in the configuration or without: it is not on this machine, and nothing of the configuration is run."""
    for key, value in LFS.items() if installed else ():
        stored.git("config", key, value)
    ran = judged("predict", stored.path, *options, "--format", "json")

    assert (ran.code, ran.err) == (0, "")
    assert ran.json["notes"].count(BEHIND) == 1
    assert BEHIND in judged("predict", stored.path, *options).out


def test_a_pointer_that_moves_in_the_working_tree_or_in_a_diff_is_named(judged, stored, tmp_path):
    """Wherever the change comes from."""
    (tmp_path / "x.diff").write_text(stored.git("diff", "main", "feature") + "\n")
    posted = judged("predict", stored.path, "--base", "main", "--diff", tmp_path / "x.diff", "--format", "json").json
    stored.write("model.bin", pointer(b"third"))
    dirty = judged("predict", stored.path, "--format", "json").json

    assert BEHIND in posted["notes"]
    assert BEHIND in dirty["notes"]
    assert dirty["head"] is None


def test_a_submodule_that_moves_is_named_in_a_release_too(judged, shop):
    """It is one line that hides any number of them."""
    shop.git("switch", "-q", "main")
    for tag, commit in (("v1", "1" * 40), ("v2", "2" * 40)):
        shop.git("update-index", "--add", "--cacheinfo", f"160000,{commit},libs/money")
        shop.git("commit", "-q", "-m", f"Take {tag} of the library")
        shop.git("tag", tag)

    for more in ("--release", "--no-release"):
        found = judged("predict", shop.path, "--base", "v1", "--head", "v2", more, "--format", "json").json
        assert found["notes"].count(INSIDE) == 1
        assert found["empty"] is False
