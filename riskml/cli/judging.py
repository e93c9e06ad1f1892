"""From the options of a verb to a judged change, here or by the service."""

from __future__ import annotations

import argparse
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from riskml.cli.options import note, progress, read_bytes, read_text, state_dir
from riskml.errors import PolicyError, UsageError

if TYPE_CHECKING:
    from riskml.assess import Decision, ReleaseDecision
    from riskml.change import Change
    from riskml.context import ServiceContext
    from riskml.issues import Issues
    from riskml.local import Workspace
    from riskml.policy.policy import Policy
    from riskml.suite import SuiteRun
    from riskml.validation import Validation


def workspace_of(args: argparse.Namespace) -> Workspace:
    """Open the repository that the options name."""
    from riskml.adapters.git import GitRepository  # slow to load; --help must not wait for it
    from riskml.local import Workspace

    repository = GitRepository.open(args.repository)
    return Workspace(repository, state_dir(args), issues=issues_of(args), progress=progress(repository.key), notice=note)


def issues_of(args: argparse.Namespace) -> Issues | None:
    """Read the tracker's export that the options name; ``None`` if they name none."""
    file = getattr(args, "issues", None)  # verbs that judge nothing share the workspace, not the option
    if file is None:
        return None
    from riskml.parse.issues import FAULTS, LIMIT, read_issues

    issues = read_issues(read_bytes(file, "issues", limit=LIMIT), file)
    if not issues.faults:
        note(f"{file} lists no fault: no type in it says {', '.join(sorted(FAULTS))}; so nothing counts as repaired")
    return issues


def change_of(args: argparse.Namespace, workspace: Workspace) -> Change:
    """Return the change that the options name; a posted diff lies on top of the base."""
    now = int(time.time())
    if args.diff is None:
        return workspace.change(args.base, args.head, now=now)
    if args.head is not None:
        raise UsageError("two changes at once", where="--head", got=args.head, expected="either --head or --diff")
    from riskml.parse.diff import LIMIT, parse_patch

    return workspace.posted(parse_patch(read_bytes(args.diff, "diff", limit=LIMIT)), args.base, now=now)


def suite_of(args: argparse.Namespace) -> SuiteRun | None:
    """Read the reports that the options name; ``None`` if they name none."""
    if not args.junit and not args.coverage:
        return None
    from riskml.adapters.reports import read_suite

    return read_suite(args.junit, args.coverage)


def policy_of(args: argparse.Namespace) -> Policy | None:
    """Read the policy file of the options; ``None`` if they name none."""
    return None if args.policy is None else policy_in(args.policy)


def policy_in(file: str) -> Policy:
    """Read a policy file; what is wrong in it is told with its name."""
    from riskml.features.catalogue import NAMES
    from riskml.policy.policy import load_policy

    text = read_text(file, "policy")
    with about(file):
        return load_policy(text, name=file, features=NAMES)


def context_of(args: argparse.Namespace) -> ServiceContext | None:
    """Read the service description of the options; ``None`` if they name none."""
    if args.service is None:
        return None
    from riskml.policy.service import load_service

    text = read_text(args.service, "service description")
    with about(args.service):
        return load_service(text, name=args.service)


def validation_of(args: argparse.Namespace) -> Validation | None:
    """Read the validation of the options; ``None`` if they name none."""
    if args.validation is None:
        return None
    from riskml.policy.validation import load_validation

    text = read_text(args.validation, "validation")
    with about(args.validation):
        return load_validation(text, name=args.validation)


@contextmanager
def about(file: str) -> Iterator[None]:
    """Let a refusal of what stands in a file name the file, before the place in it."""
    try:
        yield
    except PolicyError as error:
        if error.where is not None and error.where.startswith(file):
            raise
        where = file if error.where is None else f"{file}, {error.where}"
        parts = {} if error.got is None else {"got": error.got}
        raise PolicyError(error.what, where=where, expected=error.expected, **parts) from None


def decision_of(args: argparse.Namespace) -> Decision:
    """Judge the change here, with the bundled or the given artifact: no server, no key, no network."""
    policy, context, suite = policy_of(args), context_of(args), suite_of(args)  # what is quick to refuse comes first
    workspace = workspace_of(args)
    change = change_of(args, workspace)
    from riskml.local import scorer_from
    from riskml.ulid import ulid

    now = datetime.now(UTC)
    id_ = ulid(int(now.timestamp() * 1000), os.urandom(10))
    return workspace.judge(change, suite, id=id_, now=now, scorer=scorer_from(args.artifact), policy=policy, context=context)


def release_of(args: argparse.Namespace) -> ReleaseDecision:
    """Judge all that lies between two commits as one release, here."""
    policy, context, suite = policy_of(args), context_of(args), suite_of(args)
    workspace = workspace_of(args)
    from riskml.local import scorer_from
    from riskml.ulid import ulid

    now = datetime.now(UTC)
    id_ = ulid(int(now.timestamp() * 1000), os.urandom(10))
    return workspace.release(args.base, args.head or "HEAD", suite, id=id_, now=now, scorer=scorer_from(args.artifact),
                             policy=policy, context=context)


def are_tags(path: str, *names: str) -> bool:
    """Whether all of some names are tags of a repository. Only what can be one is looked up, because that takes time."""
    if any(re.fullmatch(r"[0-9a-f]{7,64}|HEAD|origin/.*|refs/(?!tags/).*|.*[~^:@].*", name) for name in names):
        return False
    from riskml.adapters.git import GitRepository
    from riskml.errors import RepositoryError

    repository = GitRepository.open(path)
    try:
        return all(repository.resolve(f"refs/tags/{name.removeprefix('refs/tags/')}") for name in names)
    except RepositoryError:
        return False
