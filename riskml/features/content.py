"""What the changed code is made of, and how the change is told.

Counted over the lines of source code (no tests, no generated files, no comments),
by words that mean the same in most languages.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from riskml import message
from riskml.features import vocabulary as words
from riskml.features.feature import UNKNOWN, Evidence, Feature, Group
from riskml.features.reading import TAB, Code, Reading

_NO_CODE = "no line of source code is added"
_SILENT = "the change has no commit, so no message"
_HINDLE = "Hindle et al. 2008 (ICPC), indentation as complexity"
_GOVERNED = "Basili & Perricone 1984; McCabe 1976 (TSE)"

FEATURES = (
    Feature("code_lines_added", "lines", "How many lines are added to source code (no tests, no generated code)?",
            "Kamei et al. 2013 (TSE), LA, within source files"),
    Feature("code_lines_deleted", "lines", "How many lines are deleted from source code?",
            "Kamei et al. 2013 (TSE), LD, within source files"),
    Feature("comment_share", "share", "What share of the added source lines is blank or a comment?",
            "Buse & Weimer 2010 (TSE), readability",
            high=1.0, missing=_NO_CODE),
    Feature("indent_mean", "levels", "How deep is the added code indented, on average? (A level is a tab or four blanks.)",
            _HINDLE,
            missing=_NO_CODE),
    Feature("indent_max", "levels", "How deep is the deepest added line of code indented?", _HINDLE, missing=_NO_CODE),
    Feature("line_length", "characters", "How long is an added line of code, on average?",
            "Buse & Weimer 2010 (TSE), readability",
            missing=_NO_CODE),
    Feature("decision_density", "per line",
            "How many decisions (conditions, loops, handlers) does an added line of code hold?",
            _GOVERNED, missing=_NO_CODE),
    Feature("conditionals_added", "words", "How many conditions are added (if, case, when, &&, ||, …)?", _GOVERNED),
    Feature("conditionals_removed", "words", "How many conditions are removed?", _GOVERNED),
    Feature("loops_added", "words", "How many loops are added?", _GOVERNED),
    Feature("error_handling_added", "words", "How much error handling is added (try, catch, throw, rescue, err, …)?",
            "Ebert et al. 2015 (JSS), exception handling bugs"),
    Feature("error_handling_removed", "words", "How much error handling is removed?", "Ebert et al. 2015 (JSS)"),
    Feature("concurrency_added", "words", "How many words of concurrency are added (lock, thread, async, atomic, …)?",
            "Lu et al. 2008 (ASPLOS), concurrency bugs"),
    Feature("concurrency_removed", "words", "How many words of concurrency are removed?", "Lu et al. 2008 (ASPLOS)"),
    Feature("io_added", "words", "How many words of input and output are added (socket, query, read, commit, …)?",
            "Bug taxonomy of Beizer 1990, interfaces"),
    Feature("null_handling_added", "words", "How many mentions of null are added (null, nil, None, Optional, …)?",
            "Osman et al. 2014 (SCAM), null checks in fixes"),
    Feature("null_handling_removed", "words", "How many mentions of null are removed?", "Osman et al. 2014 (SCAM)"),
    Feature("todo_added", "marks", "How many TODO and FIXME marks are added?",
            "Potdar & Shihab 2014 (ICSME), admitted debt"),
    Feature("public_added", "words", "How many public or exported declarations do added lines hold?",
            "Dig & Johnson 2006 (JSME)"),
    Feature("public_removed", "words", "How many public or exported declarations do removed or changed lines hold?",
            "Dig & Johnson 2006 (JSME), breaking changes"),
    Feature("destructive_statements", "statements",
            "How many statements that lose data (DROP, TRUNCATE, DELETE FROM, …) are added in SQL "
            "and migrations?", "Qiu et al. 2013 (FSE), schema changes that break code", monotone=1),
    Feature("test_files_share", "share", "What share of the touched files are tests? 0 when no file is touched.",
            "Zaidman et al. 2011 (EMSE)",
            high=1.0),
    Feature("test_lines_added", "lines", "How many lines are added to tests?",
            "Zaidman et al. 2011 (EMSE), co-evolution of tests"),
    Feature("test_lines_deleted", "lines", "How many lines are deleted from tests?",
            "Zaidman et al. 2011 (EMSE), co-evolution of tests"),
    Feature("code_without_tests", "flag", "Is source code added while no test is touched?",
            "Nagappan et al. 2008 (EMSE), tests with code",
            high=1.0),
    Feature("message_words", "words", "How many words do the messages have?",
            "Buse & Weimer 2010 (ASE); Barnett et al. 2016 (MSR)",
            missing=_SILENT),
    Feature("message_lines", "lines", "How many lines with text do the messages have?", "Barnett et al. 2016 (MSR)",
            missing=_SILENT),
    Feature("issue_referenced", "flag", "Does a message name an issue?",
            "Bird et al. 2009 (FSE), links between bugs and changes", high=1.0,
            missing=_SILENT),
)

_TODO = (b"TODO", b"FIXME")
_DESTRUCTIVE = re.compile(
    rb"\bdrop\s+(?:table|column|database|schema|index|constraint|view|partition)\b|\btruncate\b|\bdelete\s+from\b"
    rb"|\balter\s+table\b[^;]*?\b(?:drop|rename|alter\s+column|modify)\b|\bdrop_(?:table|column|index|constraint)\b"
    rb"|\bremove_?(?:column|field|index)\b|\bdelete_?model\b|\brename_?(?:table|column|field|model)\b|<\s*drop\w+\b",
    re.IGNORECASE)


def compute(evidence: Evidence) -> Sequence[float]:
    """Compute the group."""
    reading = evidence.reading
    plus = minus = tests = test_plus = test_minus = 0
    for kind, added, deleted in zip(reading.kinds, reading.added, reading.deleted, strict=True):
        if kind.source:
            plus += added
            minus += deleted
        elif kind.test:
            tests += 1
            test_plus += added
            test_minus += deleted
    new, old = reading.added_code, reading.removed_code
    conditionals, loops = _conditionals(new), new.count(words.LOOPS)
    lines = len(new.lines)
    decisions = conditionals + loops + new.count(words.HANDLERS)
    return (
        plus, minus, *_shape(new), decisions / lines if lines else UNKNOWN,
        conditionals, _conditionals(old), loops, new.count(words.ERRORS), old.count(words.ERRORS),
        new.count(words.CONCURRENCY), old.count(words.CONCURRENCY), new.count(words.IO), new.count(words.NULLS),
        old.count(words.NULLS),
        sum(map(new.raw.count, _TODO)), new.count(words.PUBLIC), old.count(words.PUBLIC), destructive_statements(reading),
        tests / len(reading.files) if tests else 0.0, test_plus, test_minus, plus > 0 and tests == 0, *_told(evidence),
    )


def _conditionals(code: Code) -> int:
    return code.count(words.CONDITIONALS) + code.text.count(b"&&") + code.text.count(b"||")


def _shape(code: Code) -> tuple[float, float, float, float]:
    """Share of comments and blanks, mean and greatest indentation, mean length."""
    count = len(code.lines)
    if not count:
        return (1.0 if code.rows else UNKNOWN), UNKNOWN, UNKNOWN, UNKNOWN
    return 1.0 - count / code.rows, sum(code.indents) / count / TAB, max(code.indents) / TAB, len(code.text) / count


def destructive_statements(reading: Reading) -> int:
    """Count the added statements of SQL files and migrations that lose or move data. A guess by words: it reads no SQL."""
    return sum([
        len(_DESTRUCTIVE.findall(diff.added)) for diff, kind in zip(reading.files, reading.kinds, strict=True)
        if diff.added and not kind.test and not kind.docs and (kind.migration or kind.language == "sql")
    ])


def _told(evidence: Evidence) -> tuple[float, float, float]:
    texts = [commit.message[:message.LIMIT] for commit in evidence.change.commits]
    if not texts:
        return UNKNOWN, UNKNOWN, UNKNOWN
    return (
        sum([len(text.split()) for text in texts]), sum([1 for text in texts for line in text.splitlines() if line.strip()]),
        any(bool(message.issue_refs(text)) for text in texts),
    )


GROUP = Group("content", FEATURES, compute)
