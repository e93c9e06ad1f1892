"""Exports of issue trackers."""

from __future__ import annotations

import pytest

from riskml.errors import InputError
from riskml.parse.issues import read_issues


def test_types_that_report_a_fault_are_told_from_others():
    """A type counts by its words in any case, so labels and long names do, too; a debugging task is no bug."""
    rows = ["AB-1,Bug", "AB-2,Improvement", '3,"kind/regression, p1"', "#4,Sub-bug", "AB-5,debugging", "AB-6,", "AB-7,INCIDENT",
            "AB-8,not-a-bug", "AB-9,not a bug", '10,"bug, not a regression"']

    assert set(read_issues("\n".join(["issue,type", *rows]).encode()).faults) == {"AB-1", "#3", "#4", "AB-7", "#10"}


def test_other_columns_and_a_byte_order_mark_do_no_harm():
    """What a spreadsheet or a tracker adds is left alone."""
    content = '\ufeffsummary,issue,type\r\n"a, ""b""\nc",AB-1,Bug\r\n'.encode()

    assert read_issues(content).faults == {"AB-1": None}


@pytest.mark.parametrize(("content", "words"), [
    (b"key,type\nA-1,Bug\n", ["columns are missing", "issue,type"]),
    (b"", ["columns are missing"]),
    (b"issue,type\nutf-8 rocks,Bug\n", ["f.csv line 2 issue", "utf-8 rocks", "KAFKA-123"]),
    (b"issue,type,reported_at\nAB-1,Bug,yesterday\n", ["f.csv line 2 reported_at", "yesterday"]),
    (b'issue,type\nAB-1,"Bug\nAB-2,Bug\n', ["not CSV", "f.csv after line 1"]),
    (b"issue,type\n\xff,Bug\n", ["UTF-8", "byte 11"]),
])
def test_what_is_wrong_is_told_with_its_place(content, words):
    """A refusal names the line, the column and the value."""
    with pytest.raises(InputError) as refused:
        read_issues(content, "f.csv")

    assert all(word in str(refused.value) for word in words)
