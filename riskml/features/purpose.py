"""What a change is for, as its message says and as its paths and lines show."""

from __future__ import annotations

from collections.abc import Sequence

from riskml import message
from riskml.change import Commit
from riskml.features.feature import UNKNOWN, Evidence, Feature, Group
from riskml.features.layout import comments_only, imports_only, same_but_blanks

_SILENT = "the change has no commit, so no message"

FEATURES = (
    Feature("fix", "flag", "Does a message say that it repairs a fault?",
            "Kamei et al. 2013 (TSE), FIX; Mockus & Votta 2000 (ICSM)",
            high=1.0, missing=_SILENT),
    Feature("revert", "flag", "Does a message say that it takes a change back?", "Shimagaki et al. 2016 (ICSME)", high=1.0,
            missing=_SILENT),
    Feature("merge", "flag", "Does a commit of the change have several parents?", "Commit Guru: Rosen et al. 2015 (FSE)",
            high=1.0,
            missing=_SILENT),
    Feature("refactoring", "flag", "Does a message say that it reshapes code without changing what it does?",
            "AlOmar et al. 2019 (IWoR), self-affirmed refactoring", high=1.0, missing=_SILENT),
    Feature("dependency_update", "flag", "Does a message say that a dependency moves to another version?",
            "He et al. 2023 (TSE), dependency bots", high=1.0, missing=_SILENT),
    Feature("breaking", "flag", "Does a message announce an incompatible change?", "Conventional Commits 1.0", high=1.0,
            missing=_SILENT),
    Feature("docs_only", "flag", "Is only documentation touched?", "Hindle et al. 2008 (MSR), kinds of commits", high=1.0),
    Feature("tests_only", "flag", "Are only tests touched?", "Hindle et al. 2008 (MSR), kinds of commits", high=1.0),
    Feature("format_only", "flag",
            "Do the changed lines differ in blanks only? (Indentation counts where the language reads it.)",
            "Kim et al. 2006 (ASE), format changes in SZZ", high=1.0),
    Feature("comment_only", "flag", "Is every changed line blank or, by how it starts, a comment?",
            "Kim et al. 2006 (ASE), comment changes in SZZ", high=1.0),
    Feature("import_only", "flag", "Does every changed line of code bring names in (import, include, using, …)?",
            "Neto et al. 2018 (SANER), refactoring-aware SZZ", high=1.0),
    Feature("config_files", "files", "How many configuration files are touched?",
            "Tang et al. 2015 (SOSP), configuration errors"),
    Feature("ci_files", "files", "How many files of the build pipeline are touched?",
            "Vassallo et al. 2019 (ICSE), CI smells"),
    Feature("infrastructure_files", "files", "How many files describe machines or deployments?",
            "Rahman & Williams 2019 (IST), defects in IaC"),
    Feature("migration_files", "files", "How many database migrations are touched?",
            "Qiu et al. 2013 (FSE), schema and code co-evolve"),
    Feature("dependency_files", "files", "How many dependency manifests and lock files are touched?",
            "McIntosh et al. 2011 (ICSE), build churn"),
    Feature("api_files", "files", "How many files define a public interface?", "Dig & Johnson 2006 (JSME), API evolution"),
    Feature("sensitive_files", "files",
            "How many files of a sensitive area (auth, payment, crypto, permissions, named ones) are touched?",
            "Shin et al. 2011 (TSE), vulnerable files"),
    Feature("generated_share", "share",
            "What share of the changed lines sits in generated or vendored files? 0 when no line changes.",
            "McIntosh & Kamei 2018 (TSE), noise of generated code", high=1.0),
    Feature("submodules", "modules", "How many submodules move?", "riskml: a pointer hides any number of lines"),
)

def compute(evidence: Evidence) -> Sequence[float]:
    """Compute the group."""
    reading, kinds = evidence.reading, evidence.reading.kinds
    some = bool(kinds)
    config = ci = infrastructure = migration = dependency = api = sensitive = submodules = idle = 0
    docs = tests = some
    for diff, kind, plus, minus in zip(reading.files, kinds, reading.added, reading.deleted, strict=True):
        config += kind.config
        ci += kind.ci
        infrastructure += kind.infrastructure
        migration += kind.migration
        dependency += kind.manifest or kind.lock
        api += kind.api
        sensitive += bool(kind.sensitive)
        submodules += diff.submodule
        docs = docs and kind.docs
        tests = tests and kind.test
        if kind.generated or kind.vendored:
            idle += plus + minus
    churn = reading.la + reading.ld
    formats = same_but_blanks(reading)
    return (
        *_said(evidence.change.commits), docs, tests, formats, not formats and comments_only(reading),
        not formats and imports_only(reading), config, ci, infrastructure, migration, dependency, api,
        sensitive, idle / churn if churn else 0.0, submodules,
    )


def _said(commits: Sequence[Commit]) -> Sequence[float]:
    if not commits:
        return (UNKNOWN,) * 6
    texts = [commit.message for commit in commits]
    return (
        any(map(message.is_fix, texts)), any(map(message.is_revert, texts)),
        any(len(commit.parents) > 1 for commit in commits),
        any(map(message.is_refactoring, texts)), any(map(message.is_dependency_update, texts)), any(map(message.is_breaking,
        texts)),
    )


GROUP = Group("purpose", FEATURES, compute)
