"""From the options of a verb to a judged change, here or by the service."""

from __future__ import annotations

import argparse
import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from riskml.cli.options import note, progress, read_bytes, read_text, state_dir

if TYPE_CHECKING:
    from riskml.assess import Decision
    from riskml.change import Change
    from riskml.context import ServiceContext
    from riskml.local import Workspace
    from riskml.policy.policy import Policy
    from riskml.suite import SuiteRun


def workspace_of(args: argparse.Namespace) -> Workspace:
    """Open the repository that the options name."""
    from riskml.adapters.git import GitRepository  # slow to load; --help must not wait for it
    from riskml.local import Workspace

    repository = GitRepository.open(args.repository)
    return Workspace(repository, state_dir(args), progress=progress(repository.key), notice=note)


def change_of(args: argparse.Namespace, workspace: Workspace) -> Change:
    """Return the change that the options name; a posted diff lies on top of the base."""
    now = int(time.time())
    if args.diff is None:
        return workspace.change(args.base, args.head, now=now)
    from riskml.change import Change
    from riskml.parse.diff import parse_patch

    base = workspace.repository.resolve(args.base or "HEAD")
    return Change(parse_patch(read_bytes(args.diff, "diff")), at=now, base=base, kind="diff")


def suite_of(args: argparse.Namespace) -> SuiteRun | None:
    """Read the reports that the options name; ``None`` if they name none."""
    if not args.junit and not args.coverage:
        return None
    from riskml.adapters.reports import read_suite

    return read_suite(args.junit, args.coverage)


def policy_of(args: argparse.Namespace) -> Policy | None:
    """Read the policy file of the options; ``None`` if they name none."""
    if args.policy is None:
        return None
    from riskml.features.catalogue import NAMES
    from riskml.policy.policy import load_policy

    return load_policy(read_text(args.policy, "policy"), name=args.policy, features=NAMES)


def context_of(args: argparse.Namespace) -> ServiceContext | None:
    """Read the service description of the options; ``None`` if they name none."""
    if args.service is None:
        return None
    from riskml.policy.service import load_service

    return load_service(read_text(args.service, "service description"), name=args.service)


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
