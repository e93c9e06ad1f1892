"""HAProxy: a frontend and backends, with every stage in one configuration and the runtime command that puts it in force.

Two ways to split. ``weights``: one backend, two servers, round robin, which is exact; but weights are 0..256 and know no
audience. ``random``: every stage is a rule, and the process variable ``proc.riskml_stage`` says which one counts; any basis
point, and audiences. (``balance random`` is not used: as a power of two choices it gives 1.7 % when asked for 1 %.)
"""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd

from riskml.errors import UsageError
from riskml.plan import ALL_BP, Match, Plan, Stage
from riskml.render.address import address, notes
from riskml.render.condition import visible
from riskml.render.refusal import refuse
from riskml.render.stages import ROLLBACK, audience, audience_bp, in_force, label

TARGET = "haproxy"
MAX_WEIGHT = 256
SPLITS = ("weights", "random")


def render(plan: Plan, *, split: str = "weights", listen: str = "127.0.0.1:8080", stable: str = "127.0.0.1:8081",
           canary: str = "127.0.0.1:8082", socket: str = "/run/haproxy/admin.sock", stage: str | None = None) -> str:
    """Render a complete configuration: ``listen`` is the frontend, ``stable`` and ``canary`` are the two versions.

    ``split`` is ``weights`` or ``random``, ``socket`` the admin socket for the commands, ``stage`` puts one stage in force.
    """
    if split not in SPLITS:
        raise UsageError("unknown way to split", where="options.split", got=split, expected=f"one of: {', '.join(SPLITS)}")
    if not socket.startswith("/") or not socket.isprintable() or set(socket) & set(" \t\"'\\$"):
        raise UsageError("not a plain absolute path", where="options.socket", got=socket, expected="/run/haproxy/admin.sock")
    if plan.strategy in ("rolling", "feature-flag"):
        refuse(TARGET, "not_applicable", f"a {plan.strategy} release moves no traffic", where="strategy", got=plan.strategy)
    for i, s in enumerate(plan.stages):
        if s.mirror_bp:
            refuse(TARGET, "mirror_unsupported", "HAProxy copies no traffic", where=f"stages[{i}].mirror_bp", got=s.mirror_bp)
    name = label(TARGET, plan.subject.service)
    bind, addresses = address("listen", listen), (address("stable", stable), address("canary", canary))
    body = _weighted if split == "weights" else _random
    return "\n".join([*notes(plan, TARGET), *body(plan, name, bind, addresses, socket, in_force(plan, stage))]) + "\n"


def _start(socket: str) -> Iterator[str]:
    yield "global"
    yield f"    stats socket {socket} level admin"


def _defaults() -> Iterator[str]:
    yield ""
    yield "defaults"
    yield "    mode http"
    yield from (f"    timeout {what}" for what in ("connect 5s", "client 60s", "server 60s"))
    yield ""


def _weighted(plan: Plan, name: str, bind: str, addresses: tuple[str, str], socket: str, now: Stage | None) -> Iterator[str]:
    ladder = {ROLLBACK: (1, 0)} | {s.name: _parts(i, s) for i, s in enumerate(plan.stages)}
    for stage, (old, new) in ladder.items():
        yield f"# {stage}: set server {name}/stable weight {old}; set server {name}/canary weight {new}"
    old, new = ladder[now.name if now else ROLLBACK]
    yield from _start(socket)
    yield from _defaults()
    yield from (f"frontend {name}-front", f"    bind {bind}", f"    default_backend {name}", "")
    yield from (f"backend {name}", "    balance roundrobin")
    yield f"    server stable {addresses[0]} weight {old}"
    yield f"    server canary {addresses[1]} weight {new}"


def _parts(i: int, stage: Stage) -> tuple[int, int]:
    """Return the reduced weights of (stable, canary)."""
    if audience(stage):
        what = "weights see no request; the option split=random does"
        refuse(TARGET, "audience_unsupported", what, where=f"stages[{i}].audience", got=stage.name)
    shared = gcd(ALL_BP, stage.traffic_bp)
    old, new = (ALL_BP - stage.traffic_bp) // shared, stage.traffic_bp // shared
    if max(old, new) > MAX_WEIGHT:
        what = f"{new}:{old} is not a ratio of weights up to {MAX_WEIGHT}; the option split=random has no such limit"
        refuse(TARGET, "unsupported_precision", what, where=f"stages[{i}].traffic_bp", got=stage.traffic_bp)
    return old, new


def _random(plan: Plan, name: str, bind: str, addresses: tuple[str, str], socket: str, now: Stage | None) -> Iterator[str]:
    for stage in (ROLLBACK, *(s.name for s in plan.stages)):
        yield f"# {stage}: experimental-mode on; set var proc.riskml_stage str({stage})"
    yield from _start(socket)
    yield f"    set-var proc.riskml_stage str({now.name if now else ROLLBACK})"
    yield from _defaults()
    yield from (f"frontend {name}-front", f"    bind {bind}")
    for i, s in enumerate(plan.stages):
        yield from (f"    use_backend {name}-canary if {rule}" for rule in _rules(i, s))
    yield from (f"    default_backend {name}-stable", "")
    for version, where in zip(("stable", "canary"), addresses, strict=True):
        yield from (f"backend {name}-{version}", f"    server {version} {where}")


def _rules(i: int, stage: Stage) -> Iterator[str]:
    """Yield the conditions, any of which sends a request of this stage to the new version."""
    who = audience(stage)
    share = audience_bp(stage) if who else stage.traffic_bp
    if share == 0:
        return
    part = "" if share == ALL_BP else f" {{ rand({ALL_BP}) lt {share} }}"
    current = f"{{ var(proc.riskml_stage) -m str {stage.name} }}"
    tests = [_test(m) for m in visible(TARGET, who, f"stages[{i}]")] if who else [""]
    yield from (current + test + part for test in tests)


def _test(match: Match) -> str:
    fetch = f"req.hdr({match.name})" if match.kind == "header" else f"req.cook({match.name})"
    how = {"exact": "str", "prefix": "beg", "suffix": "end", "regex": "reg"}[match.op]
    value = f"^({match.value})$" if match.op == "regex" else match.value
    return f' {{ {fetch} -m {how} "{_escaped(value)}" }}'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
