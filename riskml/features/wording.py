"""Reasons in the words of code: what a feature's value says of the change, and which files carry it.

A text states the fact and its number. It judges only in the direction in which the feature moved the risk: what lowers it is
never told as a warning. No adjective stands here that no number backs.
"""

from __future__ import annotations

import re
from math import isnan
from typing import NamedTuple

from riskml.features.carriers import files_of
from riskml.features.catalogue import by_name

__all__ = ["WORDS", "Words", "files_of", "word"]


class Words(NamedTuple):
    """Texts of one feature: for a value that is not 0, for 0, and for one that is not 0 and lowers the risk (else the first).

    ``{n}`` is the value with its sign left out, ``{p}`` the value as a percentage, ``[a|b]`` is ``a`` for 1 and ``b`` else.
    """

    some: str
    none: str
    favour: str = ""


WORDS: dict[str, Words] = {
    "la": Words("adds {n} [line|lines]", "adds no line"),
    "ld": Words("deletes {n} [line|lines]", "deletes no line"),
    "nf": Words("touches {n} [file|files]", "touches no file"),
    "lt": Words("the touched files had {n} [line|lines] before", "the touched files had no line before"),
    "lt_mean": Words("the touched files had {n} [line|lines] each on average",
                     "the touched files were empty before, on average"),
    "hunks": Words("changes {n} separate [place|places]", "changes text in no place"),
    "hunks_per_file": Words("changes {n} [place|places] per file", "changes text in no file"),
    "relative_churn": Words("changes {p} of the lines of the touched files", "changes no line of the touched files"),
    "largest_file_share": Words("{p} of the changed lines sit in one file", "no file has a changed line"),
    "deleted_share": Words("{p} of the changed lines are deletions", "none of the changed lines is a deletion"),
    "existing_lines_share": Words("{p} of the added lines go into files that existed",
                                  "adds no line to a file that existed"),
    "files_added": Words("adds {n} [file|files]", "adds no file"),
    "files_deleted": Words("deletes {n} [file|files]", "deletes no file"),
    "files_renamed": Words("moves {n} [file|files]", "moves no file"),
    "binary_files": Words("touches {n} binary [file|files]", "touches no binary file"),

    "ns": Words("touches {n} top-level [folder|folders]", "touches no top-level folder"),
    "nd": Words("touches {n} [folder|folders]", "touches no folder"),
    "entropy": Words("the changed lines are spread over files with an entropy of {n} [bit|bits]",
                     "the changed lines are not spread over files"),
    "entropy_share": Words("the changed lines are spread over the files {p} as evenly as could be",
                           "all changed lines lie together"),
    "languages": Words("touches code in {n} programming [language|languages]", "touches no code"),

    "nuc": Words("the touched files were changed {n} [time|times] before", "the touched files were never changed before"),
    "nuc_max": Words("{who} was changed {n} [time|times] before", "none of the touched files was ever changed before"),
    "changes_90d": Words("the touched files were changed {n} [time|times] in the last 90 days",
                         "the touched files were not changed in the last 90 days"),
    "changes_90d_max": Words("{who} was changed {n} [time|times] in the last 90 days",
                             "none of the touched files was changed in the last 90 days"),
    "age": Words("the touched files were last changed {n} [day|days] ago on average",
                 "the touched files were last changed today"),
    "age_min": Words("{who} was last changed {n} [day|days] ago", "{who} was last changed today"),
    "ndev": Words("{n} [person has|people have] changed {who} so far", "nobody has changed the touched files so far"),
    "prior_fixes": Words("the touched files were fixed {n} [time|times] so far",
                         "the touched files were never fixed so far"),
    "prior_fixes_90d": Words("the touched files were fixed {n} [time|times] in the last 90 days",
                             "the touched files were not fixed in the last 90 days"),
    "prior_fixes_365d": Words("the touched files were fixed {n} [time|times] in the last year",
                              "the touched files were not fixed in the last year"),
    "prior_fixes_365d_max": Words("{who} was fixed {n} [time|times] in the last year",
                                  "none of the touched files was fixed in the last year"),
    "fix_share": Words("{p} of the earlier changes to the touched files were fixes",
                       "none of the earlier changes to the touched files was a fix"),
    "days_since_fix": Words("{who} was last fixed {n} [day|days] ago", "{who} was last fixed today"),
    "prior_reverts": Words("{n} [revert|reverts] touched these files so far", "no revert touched these files so far"),
    "prior_reverts_90d": Words("{n} [revert|reverts] touched these files in the last 90 days",
                               "no revert touched these files in the last 90 days"),
    "prior_reverts_365d": Words("{n} [revert|reverts] touched these files in the last year",
                                "no revert touched these files in the last year"),
    "unseen_files_share": Words("{p} of the touched files are new here", "every touched file has a past here"),
    "missing_cochanges": Words("{n} [file|files] that usually [changes|change] with these [is|are] not touched",
                               "no file that usually changes with these is left out"),

    "reported_fixes": Words("{n} reported [fault was|faults were] repaired in the touched files so far",
                            "no reported fault was ever repaired in the touched files"),
    "reported_fixes_90d": Words("{n} reported [fault was|faults were] repaired in the touched files in the last 90 days",
                                "no reported fault was repaired in the touched files in the last 90 days"),
    "reported_fixes_365d": Words("{n} reported [fault was|faults were] repaired in the touched files in the last year",
                                 "no reported fault was repaired in the touched files in the last year"),
    "reported_fixes_365d_max": Words("{n} reported [fault was|faults were] repaired in {who} in the last year",
                                     "no reported fault was repaired in any of the files in the last year"),
    "reported_fix_share": Words("{p} of the earlier changes to the touched files repaired a reported fault",
                                "none of the earlier changes to the touched files repaired a reported fault"),
    "reported_fix_share_latest": Words("{p} of the last changes to the touched files repaired a reported fault",
                                       "none of the last changes to the touched files repaired a reported fault"),
    "days_since_reported_fix": Words("a reported fault was last repaired in the touched files {n} [day|days] ago",
                                     "a reported fault was last repaired in the touched files today"),
    "folder_reported_fixes_365d": Words("{n} reported [fault was|faults were] repaired in the touched folders in the last year",
                                        "no reported fault was repaired in the touched folders in the last year"),
    "folder_reported_share_365d": Words("{p} of the last year's changes to the touched folders repaired a reported fault",
                                        "none of the last year's changes to the touched folders repaired a reported fault"),
    "repo_reported_share_90d": Words("{p} of the repository's changes in the last 90 days repaired a reported fault",
                                     "none of the repository's changes in the last 90 days repaired a reported fault"),
    "repo_reported_share_365d": Words("{p} of the repository's changes in the last year repaired a reported fault",
                                      "none of the repository's changes in the last year repaired a reported fault"),

    "repo_changes_90d": Words("the repository saw {n} [change|changes] in the last 90 days",
                              "the repository saw no change in the last 90 days"),
    "repo_fix_share_90d": Words("{p} of the repository's changes in the last 90 days were fixes",
                                "none of the repository's changes in the last 90 days was a fix"),
    "repo_fix_share_before": Words("{p} of the repository's changes of one to three years ago were fixes",
                                   "none of the repository's changes of one to three years ago was a fix"),
    "repo_revert_share_365d": Words("{p} of the repository's changes in the last year were reverts",
                                    "none of the repository's changes in the last year was a revert"),
    "repo_revisits_7d": Words("{p} of the last year's changes to code came back to a file within 7 days",
                              "none of the last year's changes to code came back to a file within 7 days"),
    "repo_revisits_30d": Words("{p} of the last year's changes to code came back to a file within 30 days",
                              "none of the last year's changes to code came back to a file within 30 days"),
    "repo_revisits_365d": Words("{p} of the last year's changes to code came back to a file within a year",
                              "none of the last year's changes to code came back to a file within a year"),
    "repo_revisits_30d_before": Words("{p} of the changes to code one to three years ago came back to a file within 30 days",
                              "none of the changes to code one to three years ago came back to a file within 30 days"),
    "repo_revisits_365d_before": Words("{p} of the changes to code one to three years ago came back to a file within a year",
                              "none of the changes to code one to three years ago came back to a file within a year"),
    "repo_revisits_30d_long_ago": Words("{p} of the changes to code three to ten years ago came back to a file within 30 days",
                              "none of the changes to code three to ten years ago came back to a file within 30 days"),
    "repo_revisits_365d_long_ago": Words("{p} of the changes to code three to ten years ago came back to a file within a year",
                              "none of the changes to code three to ten years ago came back to a file within a year"),

    "exp": Words("the author made {n} [change|changes] here before", "the author made no change here before"),
    "rexp": Words("the author's changes here, the recent ones weighing more, add up to {n}",
                  "the author has no experience here"),
    "sexp": Words("the author made {n} [change|changes] to these top-level folders before",
                  "the author made no change to these top-level folders before"),
    "author_share": Words("{p} of the earlier changes to the touched files are the author's",
                          "none of the earlier changes to the touched files is the author's"),
    "first_change": Words("it is the author's first change here", "the author has changed things here before"),
    "hour": Words("written in hour {n} of the author's day", "written in the hour after the author's midnight"),
    "weekday": Words("written on day {n} of the author's week (Monday is 0)", "written on the author's Monday"),

    "fix": Words("a message says that it repairs a fault", "no message says that it repairs a fault"),
    "revert": Words("takes an earlier change back", "takes no earlier change back"),
    "merge": Words("contains a merge", "contains no merge"),
    "refactoring": Words("a message says that it refactors", "no message says that it refactors"),
    "dependency_update": Words("a message says that a dependency moves", "no message says that a dependency moves"),
    "breaking": Words("a message announces an incompatible change", "no message announces an incompatible change"),
    "docs_only": Words("touches documentation only", "touches more than documentation"),
    "tests_only": Words("touches tests only", "touches more than tests"),
    "format_only": Words("changes blanks only", "changes more than blanks"),
    "comment_only": Words("changes comments only", "changes more than comments"),
    "import_only": Words("changes imports only", "changes more than imports"),
    "config_files": Words("touches {n} configuration [file|files]", "touches no configuration file"),
    "ci_files": Words("touches {n} [file|files] of the build pipeline", "touches no file of the build pipeline"),
    "infrastructure_files": Words("touches {n} [file|files] that [describes|describe] machines or deployments",
                                  "touches no file that describes machines or deployments"),
    "migration_files": Words("touches {n} database [migration|migrations]", "touches no database migration"),
    "dependency_files": Words("touches {n} dependency [manifest or lock file|manifests or lock files]",
                              "touches no dependency manifest or lock file"),
    "api_files": Words("touches {n} [file|files] of a public interface", "touches no file of a public interface"),
    "sensitive_files": Words("touches {n} [file|files] of a sensitive area", "touches no file of a sensitive area"),
    "generated_share": Words("{p} of the changed lines are generated or vendored",
                             "no changed line is generated or vendored"),
    "submodules": Words("moves {n} [submodule|submodules]", "moves no submodule"),

    "code_lines_added": Words("adds {n} [line|lines] of source code", "adds no line of source code"),
    "code_lines_deleted": Words("deletes {n} [line|lines] of source code", "deletes no line of source code"),
    "comment_share": Words("{p} of the added source lines are blank or comments",
                           "adds source code without blank lines or comments"),
    "indent_mean": Words("the added code is indented by {n} [level|levels] on average", "the added code is not indented"),
    "indent_max": Words("the added code is up to {n} [level|levels] deep", "none of the added code is indented"),
    "line_length": Words("the added lines of code are {n} [character|characters] long on average",
                         "adds empty lines of code"),
    "decision_density": Words("an added line of code holds {n} [decision|decisions] on average",
                              "the added code decides nothing"),
    "conditionals_added": Words("adds {n} [condition|conditions]", "adds no condition"),
    "conditionals_removed": Words("removes {n} [condition|conditions]", "removes no condition"),
    "loops_added": Words("adds {n} [loop|loops]", "adds no loop"),
    "error_handling_added": Words("adds {n} [word|words] of error handling", "adds no error handling"),
    "error_handling_removed": Words("removes {n} [word|words] of error handling", "removes no error handling"),
    "concurrency_added": Words("adds {n} [word|words] of concurrency", "adds no concurrency"),
    "concurrency_removed": Words("removes {n} [word|words] of concurrency", "removes no concurrency"),
    "io_added": Words("adds {n} [word|words] of input and output", "adds no input or output"),
    "null_handling_added": Words("mentions null {n} [time|times] in added code", "mentions null nowhere in added code"),
    "null_handling_removed": Words("removes {n} [mention|mentions] of null", "removes no mention of null"),
    "todo_added": Words("adds {n} TODO or FIXME [mark|marks]", "adds no TODO or FIXME mark"),
    "public_added": Words("added lines hold {n} public [declaration|declarations]", "adds no public declaration"),
    "public_removed": Words("removed or changed lines held {n} public [declaration|declarations]",
                            "removes or changes no public declaration"),
    "destructive_statements": Words("adds {n} SQL or migration [statement|statements] that can lose data",
                                    "adds no SQL or migration statement that can lose data"),
    "test_files_share": Words("{p} of the touched files are tests", "touches no test"),
    "test_lines_added": Words("adds {n} [line|lines] of tests", "adds no line of tests"),
    "test_lines_deleted": Words("deletes {n} [line|lines] of tests", "deletes no line of tests"),
    "code_without_tests": Words("adds source code and touches no test", "adds no source code without touching a test",
                                "adds source code for which no test had to change"),
    "message_words": Words("the message has {n} [word|words]", "the message is empty"),
    "message_lines": Words("the message has {n} [line|lines]", "the message has no line"),
    "issue_referenced": Words("the message names an issue", "the message names no issue"),

    "commits": Words("consists of {n} [commit|commits]", "holds no commit yet"),
    "changes_7d": Words("the touched files were changed {n} [time|times] in the last 7 days",
                        "the touched files were not changed in the last 7 days"),
    "in_flight": Words("{n} other open [change touches|changes touch] the same files",
                       "no other open change touches the same files"),
    "automated": Words("a message names a program as its writer", "no message names a program as its writer"),
    "days_open": Words("its oldest commit was written {n} [day|days] before its last one",
                       "written and committed at once"),

    "tests_run": Words("{n} [test|tests] ran", "no test ran"),
    "tests_failed": Words("{n} [test|tests] failed", "no test failed"),
    "tests_errors": Words("{n} [test|tests] ended in an error", "no test ended in an error"),
    "tests_skipped": Words("{n} [test was|tests were] skipped", "no test was skipped"),
    "tests_flaky": Words("{n} [test|tests] failed first and then passed", "no test failed first and then passed",
                         "all tests passed in the end, {n} of them at a later try"),
    "tests_new": Words("{n} [test is|tests are] new", "no test is new"),
    "tests_duration_s": Words("the tests took {n} [second|seconds]", "the tests took no time that was told"),
    "tests_duration_ratio": Words("the tests took {n} times as long as on the base",
                                  "the tests took no time compared with the base"),
    "coverage_changed_lines": Words("tests ran {p} of the changed lines", "tests ran none of the changed lines"),
    "uncovered_changed_lines": Words("{n} of the changed lines [is|are] run by no test", "tests ran every changed line"),
    "coverage_delta": Words("the share of lines that tests run moves by {p}",
                            "the share of lines that tests run stays the same"),
}

_PLURAL = re.compile(r"\[([^|\]]*)\|([^\]]*)\]")


def word(name: str, value: float, raises: bool, files: tuple[str, ...] = ()) -> str:
    """Word one feature's value as a reason. ``files`` are those that carry it, most first: texts about one file name the first.

    >>> word("prior_fixes_365d_max", 6.0, raises=True, files=("billing/charge.py",))
    'billing/charge.py was fixed 6 times in the last year'
    >>> word("prior_fixes_365d", 1.0, raises=True), word("la", 0.0, raises=False)
    ('the touched files were fixed 1 time in the last year', 'adds no line')
    >>> word("coverage_changed_lines", float("nan"), raises=True)
    'not known: what share of the added lines that can run did tests run?'

    Raises UnknownFeature for a name that the catalogue does not have.
    """
    feature = by_name(name)
    if isnan(value):
        return f"not known: {feature.question[0].lower()}{feature.question[1:].partition('?')[0]}?"
    words = WORDS[name]
    text = words.none if value == 0 else words.favour if words.favour and not raises else words.some
    number = _number(abs(value) if "{n}" in text else value)
    text = _PLURAL.sub(lambda m: m[1] if number == "1" else m[2], text)
    return text.replace("{n}", number).replace("{p}", _percent(value, signed=feature.low < 0)).replace(
        "{who}", files[0] if files else "one of the touched files")


def _number(value: float) -> str:
    if value >= 10 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def _percent(value: float, *, signed: bool) -> str:
    percent = value * 100
    digits = 0 if abs(percent) >= 10 or percent == int(percent) else 1
    text = f"{percent:+.{digits}f}" if signed else f"{percent:.{digits}f}"
    if not signed and text in ("0.0", "100") and value != 1:
        text = "less than 0.1" if text == "0.0" else "more than 99"
    return text + " %"
