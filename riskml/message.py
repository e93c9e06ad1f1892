"""What a commit message says of its change: a fix, a revert, a merge, the issue it belongs to.

All answers come from the text alone and are a guess of the author's intent, the one that the SZZ family of studies makes
(Śliwerski, Zimmermann & Zeller 2005; Mockus & Votta 2000). Every function takes any text and never fails; only the first
16 KiB are read. A cheap search for a substring goes before each regular expression, because miners ask for every commit.
"""

from __future__ import annotations

import re
from functools import lru_cache

LIMIT = 16 * 1024
TYPES = frozenset({"build", "bugfix", "chore", "ci", "deps", "docs", "feat", "fix", "hotfix", "perf", "refactor", "revert",
                   "security", "style", "test"})

_ALIASES = {"bug": "fix", "bugfix": "fix", "hotfix": "fix", "doc": "docs", "feature": "feat", "tests": "test", "dep": "deps",
            "performance": "perf"}
_CONVENTIONAL = re.compile(r"(?:(?:fixup|squash|amend)!\s+)*([A-Za-z]{2,12})(?:\([^()\n]{0,80}\))?(!?):\s")
_BREAKING = re.compile(r"^BREAKING[ -]CHANGE:", re.MULTILINE)

# One pattern a word, each starting with plain letters: those are found at the speed of a substring search.
_FIX = tuple(map(re.compile, (r"fix(?:e[sd]|ing)?\b", r"(?:bug|hot|quick)fix(?:e[sd]|ing)?\b", r"bugs?\b", r"defects?\b",
                              r"regressions?\b")))
# Symptoms tell a fix when the subject names them; further down they often tell what might happen, or why something was built.
_SYMPTOM = re.compile(
    r"\bfaults?\b|\bcrash(?:e[sd]|ing)?\b|\bdeadlocks?\b|\bnpes?\b|\bnull ?pointer|\bleak(?:s|ed|ing|age)?\b"
    r"|\brace conditions?\b|\bbroken\b|\bincorrect(?:ly)?\b|\bwrong(?:ly)?\b")
# Tags in brackets sort a change; several projects put [hotfix] on every change too small for a ticket.
_HOTFIX_TAG = re.compile(r"\[hot-?fix\]")
_PROSE_TAG = re.compile(r"\[(?:docs?|documentation|java ?docs?|check ?style|style|typos?|comments?)\]")
# What is fixed here is prose or layout, not behaviour. The words are taken out before the search above, so that
# "fix typo and a crash" still is a fix.
_COSMETIC = re.compile(
    r"\b(?:fix(?:e[sd]|ing)?|broken|wrong|incorrect)"
    r"(?: (?:the|a|an|some|all|more|minor|small|few|various|several|of|up|for|in|java|scala|python"
    r"|code|dead|broken|wrong|missing|http))*"
    r"[ -]?(?:typos?|spellings?|grammar|wording|doc(?:s|umentation|strings?)?|java ?docs?|scala ?docs?|comments?|readme"
    r"|changelog|format(?:ting)?|indent(?:ation)?|white ?spaces?|(?:code|check) ?styles?|lint(?:er|ing|s)?|rat"
    r"|licen[sc]es?(?: headers?)?|imports?|links?|urls?)\b")

_REVERT = re.compile(
    r"(?:\[[^\]\n]{1,60}\]\s*|[A-Z][\w.-]{1,30}:\s+|[A-Z][A-Z0-9]{1,14}-\d+[.:]?\s+){0,4}"
    r"(?:revert(?:s|ed|ing)?\b|back(?:s|ed|ing)?[ -]?out\b|rollback of\b)", re.IGNORECASE)
_NESTED = re.compile(r"revert\s+\"", re.IGNORECASE)
_QUOTED = re.compile(r"\brevert(?:s|ed|ing)?[:\s]+\"[^\n]*|\bthis reverts commit[^\n]*", re.IGNORECASE)
_REVERTED = re.compile(
    r"\b(?:revert(?:s|ed|ing)?|back(?:s|ed|ing)?[ -]?out)(?:\s+(?:of|the|commits?|changesets?|changes?|revisions?)\b){0,3}:?\s+"
    r"([0-9a-f]{7,64}\b(?:(?:\s*[,&]\s*(?:and\s+)?|\s+and\s+)[0-9a-f]{7,64}\b)*)", re.IGNORECASE)
_SHA = re.compile(r"\b[0-9a-f]{7,64}\b", re.IGNORECASE)
_FIXES = re.compile(r"^[ \t]*fixes:?[ \t]+(?:commit[ \t]+)?([0-9a-f]{7,64})\b", re.IGNORECASE | re.MULTILINE)

# No look-behind in these: patterns that start with what they search for are much faster. What stands before is looked at after.
_KEY = re.compile(r"[A-Z][A-Z0-9]{1,14}-[1-9]\d{0,6}\b")
_NOT_PROJECTS = frozenset({"AES", "ASCII", "BASE", "CP", "CRC", "CVE", "CWE", "ECMA", "GB", "GH", "HTTP", "IEEE",
                           "ISO", "JSR", "LATIN", "MD", "PEP", "RC", "RFC", "RSA", "SHA", "SSL", "TLS", "TODO", "UCS", "UTF",
                           "WINDOWS"})
_NUMBER = re.compile(r"#(\d{1,7})\b")
_REPOSITORY = re.compile(r"[\w.-]{1,60}/[\w.-]{1,60}$")
_GITHUB = re.compile(r"gh-(\d{1,7})\b")
_ADDRESS = re.compile(r"/(?:issues|pull|pulls|merge_requests)/(\d{1,7})\b")
_SPOKEN = re.compile(r"(?:bug|issue|ticket)s?:?\s+(?:id\s+)?(\d{1,7})\b")

_MERGE = re.compile(
    r"merge(?:d)?\s+(?:branch(?:es)?|pull request|remote-tracking branch|tag|commit|changes from|in\b|from\b|upstream|remote|"
    r"master|main|trunk|develop|'[^']+'|[\w./-]+ (?:into|branch)\b)", re.IGNORECASE)
_REFACTOR_HINTS = ("refactor", "clean", "renam", "simplif", "extract", "restructur", "reorgani", "tidy", "dedup", "rework",
                   "redundan")
_REFACTOR = re.compile(
    r"\brefactor(?:s|ed|ing|ings)?\b|\bclean(?:s|ed|ing)?[ -]?ups?\b|\brenam(?:e|es|ed|ing)\b|"
    r"\bsimplif(?:y|ies|ied|ying|ication)\b|\bextract(?:s|ed|ing)?\b|\brestructur\w+|\breorgani[sz]\w+|\btidy(?:ing)?\b|"
    r"\bde-?dup\w*|\brework\w*|\bredundant\b")
_BUMP_HINTS = ("bump", "upgrad", "updat", "(deps")
_BUMP = re.compile(
    r"\b(?:bump(?:s|ed|ing)?|upgrad(?:e|es|ed|ing)|updat(?:e|es|ed|ing))\b[^\n]{0,100}?"
    r"(?:\bfrom v?\d[\w.+-]* to v?\d|\bto (?:version )?v?\d+(?:\.\d+|\b)|\bdependenc(?:y|ies)\b|\bversions?\b)"
    r"|\b(?:build|chore|fix)\(deps")
_AUTOMATED = ("[bot]", "dependabot", "renovatebot", "renovate-bot", "mend renovate", "scala steward", "scala-steward",
"greenkeeper",
              "codemod", "openrewrite", "generated by a script", "automatically generated by", "auto-generated by",
              "automated commit", "automated change", "automated update", "automated refactoring")


def subject(text: str) -> str:
    r"""First line that is not blank, stripped; empty for an empty message.

    >>> subject("\n  Add retries \n\nBecause the network…")
    'Add retries'
    """
    return text[:LIMIT].lstrip().partition("\n")[0].rstrip()


def conventional_type(text: str) -> str | None:
    """Return the type of a Conventional Commits subject in its canonical spelling; ``None`` when the subject has none.

    Only known types count (``TYPES``), so that a component prefix such as ``parser:`` is not taken for one.

    >>> conventional_type("fix(parser)!: refuse NUL"), conventional_type("Docs: explain"), conventional_type("parser: add x")
    ('fix', 'docs', None)
    """
    match = _CONVENTIONAL.match(text[:LIMIT].lstrip())
    if match is None:
        return None
    kind = match[1].lower()
    kind = _ALIASES.get(kind, kind)
    return kind if kind in TYPES else None


def is_breaking(text: str) -> bool:
    r"""Whether the message announces an incompatible change, in the way of Conventional Commits.

    >>> is_breaking("feat(api)!: drop v1"), is_breaking("feat: x\n\nBREAKING CHANGE: y"), is_breaking("feat: x")
    (True, True, False)
    """
    text = text[:LIMIT]
    if "BREAKING" in text and _BREAKING.search(text):
        return True
    match = _CONVENTIONAL.match(text.lstrip())
    return bool(match and match[2]) and conventional_type(text) is not None


@lru_cache(maxsize=512)
def is_fix(text: str) -> bool:
    """Whether the message says that the change repairs a fault in behaviour.

    A conventional type decides alone (``fix:`` yes,
    ``docs:`` no). Otherwise one of the usual words must stand there as a word
    of its own ("fixes", "bug", "regression", … but not "prefix" or "fixture"; symptoms such as "NPE" or "leak" in the subject
    only), once quoted reverts, the branch name of a merge, the tag ``[hotfix]``, and repairs of mere prose or layout ("fix
    typo", "fix checkstyle", anything tagged ``[docs]``) have been set aside.

    >>> is_fix("Fix crash when the list is empty"), is_fix("Add prefix to fixtures"), is_fix("Fix typo in docs")
    (True, False, False)
    """
    kind = conventional_type(text)
    if kind is not None:
        return kind == "fix"
    lowered = text[:LIMIT].lower()
    if "revert" in lowered:
        lowered = _QUOTED.sub(" ", lowered)
    if is_merge_message(text):
        lowered = lowered.lstrip().partition("\n")[2]
    if "[" in lowered:
        lowered = _HOTFIX_TAG.sub(" ", lowered)
        if _PROSE_TAG.search(subject(lowered)):
            return False
    if _says_fix(lowered):
        lowered = _COSMETIC.sub(" ", lowered)
        if _says_fix(lowered):
            return True
    return _SYMPTOM.search(_COSMETIC.sub(" ", subject(lowered))) is not None


def _says_fix(lowered: str) -> bool:
    return any(not _within(lowered, match.start(), "") for pattern in _FIX for match in pattern.finditer(lowered))


def is_revert(text: str) -> bool:
    """Whether the change takes another one back. The revert of a revert brings it back, and is none.

    >>> is_revert('Revert "Add cache"'), is_revert('Revert "Revert "Add cache""'), is_revert("KAFKA-12: Back out the cache")
    (True, False, True)
    """
    text = text[:LIMIT]
    lowered = text.lower()
    if "revert" not in lowered and "back" not in lowered:
        return False
    first = subject(text)
    if conventional_type(text) == "revert":
        return True
    depth = len(_NESTED.findall(first))
    if depth:
        return depth % 2 == 1
    if first.lower().startswith(("reapply", "re-apply", "reland", "re-land", "unrevert")):
        return False
    return _REVERT.match(first) is not None or "this reverts commit" in lowered


def reverted_shas(text: str) -> tuple[str, ...]:
    r"""Ids (7 to 64 hexadecimal digits, lower case, perhaps abbreviated) of the commits that the message says it takes back.

    >>> reverted_shas("Revert \"x\"\n\nThis reverts commit 1b3c5D7, reversing\nchanges made to aaaaaaa.")
    ('1b3c5d7',)
    """
    text = text[:LIMIT]
    lowered = text.lower()
    if "revert" not in lowered and "back" not in lowered:
        return ()
    found = [sha for match in _REVERTED.finditer(lowered) for sha in _SHA.findall(match[1])]
    return tuple(dict.fromkeys(found))


def fixes_trailers(text: str) -> tuple[str, ...]:
    r"""Ids of the commits named by ``Fixes:`` trailers, as the Linux kernel writes them.

    >>> fixes_trailers('net: check length\n\nFixes: 54a4f0239f2e ("KVM: MMU: make it")\nFixes: #12')
    ('54a4f0239f2e',)
    """
    text = text[:LIMIT]
    if "ixes" not in text and "IXES" not in text:
        return ()
    return tuple(dict.fromkeys(sha.lower() for sha in _FIXES.findall(text)))


def issue_refs(text: str) -> tuple[str, ...]:
    """Issues and merge requests that the message names, each once, in order of kind and place.

    Keys of trackers stay as they are (``KAFKA-123``); numbers become ``#12`` whether written ``#12``, ``GH-12``,
    ``issue 12``, ``org/repo#12`` or as an address. Names that only look like keys (``UTF-8``, ``SHA-256``) are none.

    >>> issue_refs("KAFKA-123; fixes #12, GH-13 and UTF-8 in https://example.org/a/b/issues/14")
    ('KAFKA-123', '#12', '#13', '#14')
    """
    text = text[:LIMIT]
    found: list[str] = []
    if "-" in text:
        keys = [match[0] for match in _KEY.finditer(text) if not _within(text, match.start(), "/.-")]
        found += [key for key in keys if key.partition("-")[0] not in _NOT_PROJECTS]
    if "#" in text:
        found += [f"#{match[1]}" for match in _NUMBER.finditer(text)
                  if not _within(text, match.start(), "&#;/")
                  or _REPOSITORY.search(text[max(0, match.start() - 121):match.start()])]
    lowered = text.lower()
    for hint, pattern in (("gh-", _GITHUB), ("/", _ADDRESS), ("bug", _SPOKEN), ("issue", _SPOKEN), ("ticket", _SPOKEN)):
        if hint in lowered:
            found += [f"#{match[1]}" for match in pattern.finditer(lowered)
                      if pattern is _ADDRESS or not _within(lowered, match.start(), "")]
    return tuple(dict.fromkeys(found))


def _within(text: str, start: int, also: str) -> bool:
    """Whether a match goes on what stands before it: a letter, a digit, an underscore, or one of ``also``."""
    before = text[start - 1:start]
    return before.isalnum() or before == "_" or (before != "" and before in also)


def is_merge_message(text: str) -> bool:
    """Whether the subject is one that git or a forge writes for a merge. The parents decide whether it is one.

    >>> is_merge_message("Merge pull request #12 from a/b"), is_merge_message("Merge sort is stable now")
    (True, False)
    """
    return text[:64].lstrip()[:5].lower() == "merge" and _MERGE.match(subject(text)) is not None


def is_refactoring(text: str) -> bool:
    """Whether the subject says that the change reshapes code and keeps its behaviour (self-affirmed; AlOmar et al. 2019).

    >>> is_refactoring("Extract the parser"), is_refactoring("refactor: simplify"), is_refactoring("Add parser")
    (True, True, False)
    """
    kind = conventional_type(text)
    if kind is not None:
        return kind == "refactor"
    lowered = subject(text).lower()
    return any(hint in lowered for hint in _REFACTOR_HINTS) and _REFACTOR.search(lowered) is not None


def is_dependency_update(text: str) -> bool:
    """Whether the subject says that a dependency moves to another version.

    >>> is_dependency_update("Bump jetty from 9.4.1 to 9.4.2"), is_dependency_update("Update the handler")
    (True, False)
    """
    first = subject(text)
    if conventional_type(first) == "deps":
        return True
    lowered = first.lower()
    return any(hint in lowered for hint in _BUMP_HINTS) and _BUMP.search(lowered) is not None


def is_automated(text: str) -> bool:
    r"""Whether the message names a program as the writer of the change (a bot, a codemod). Says nothing of the author's name.

    >>> is_automated("Bump x\n\nSigned-off-by: dependabot[bot] <a@b>"), is_automated("Add a robot arm")
    (True, False)
    """
    lowered = text[:LIMIT].lower()
    return any(mark in lowered for mark in _AUTOMATED)
