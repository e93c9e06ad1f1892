"""The list of commits that blame looks through."""

from __future__ import annotations

from riskml.parse.ignored import Ignored, read_ignored


def test_full_ids_of_both_lengths_and_any_case_are_read():
    """Comments before, behind and around an id, blank lines and both kinds of line ends are nothing."""
    content = f"# black\r\n{'a1' * 20}\n\n  {'B2' * 32}  # sha256\n#{'c' * 40}\n   \n".encode()

    assert read_ignored(content) == Ignored(frozenset({"a1" * 20, "b2" * 32}), ())


def test_what_is_no_full_id_is_named_once():
    """Abbreviations, names and bytes that are no text are handed back, each once, in their order."""
    content = b"1b3c5d7\nmain\n\xff\n1b3c5d7\n" + b"a" * 39 + b"\n" + b"g" * 40

    assert read_ignored(content) == Ignored(frozenset(), ("1b3c5d7", "main", "\ufffd", "a" * 39, "g" * 40))


def test_nothing_is_an_empty_list():
    """An empty file ignores nothing."""
    assert read_ignored(b"") == Ignored(frozenset(), ())
