"""nginx: every stage in one file for ``conf.d`` (inside ``http``); one word in it says which is in force, a reload applies it.

``split_clients`` takes percents with two decimals: exactly a basis point. ``weight=0`` is a configuration error in nginx, so
weights are not used. Plain strings of a ``map`` ignore case, so conditions are regular expressions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from riskml.errors import UsageError
from riskml.plan import ALL_BP, Match, Plan, Stage
from riskml.render.address import address, notes
from riskml.render.condition import quoted, visible, whole_regex
from riskml.render.refusal import refuse
from riskml.render.stages import ROLLBACK, audience, audience_bp, in_force, label

TARGET = "nginx"
_KEY = re.compile(r"\$[a-z0-9_]+")
_HEADERS = (  # HTTP/1.1 without "Connection: close", so that connections to the upstreams are kept
    "        proxy_http_version 1.1;", '        proxy_set_header Connection "";', "        proxy_set_header Host $host;",
)


def render(plan: Plan, *, listen: str = "127.0.0.1:8080", stable: str = "127.0.0.1:8081", canary: str = "127.0.0.1:8082",
           key: str = "$request_id", stage: str | None = None) -> str:
    """Render upstreams, splits, maps and a server that listens on ``listen``.

    ``stable`` and ``canary`` are the addresses of the two versions. ``key`` is the variable that is hashed: every request by
    itself, or ``$cookie_NAME`` for users who stay where they are. ``stage`` puts one stage in force.
    """
    if not _KEY.fullmatch(key):
        raise UsageError("not a variable", where="options.key", got=key, expected="a name such as $request_id or $cookie_user")
    if plan.strategy in ("rolling", "feature-flag"):
        refuse(TARGET, "not_applicable", f"a {plan.strategy} release moves no traffic", where="strategy", got=plan.strategy)
    name = label(TARGET, plan.subject.service)
    versions = {"stable": address("stable", stable), "canary": address("canary", canary)}
    now = in_force(plan, stage)
    var = "$riskml_" + name.replace("-", "_")
    mirrors = any(s.mirror_bp for s in plan.stages)
    lines = [*notes(plan, TARGET), f"# In force: change this word to another stage's, or to stage:{ROLLBACK}, and reload."]
    lines += _map('""', f"{var}_stage", {"default": f"stage:{now.name if now else ROLLBACK}"})
    for version, where in versions.items():
        lines += [f"upstream {name}-{version} {{", f"    server {where};", "    keepalive 32;", "}"]
    for i, s in enumerate(plan.stages):
        lines += _choice(i, s, name, f"{var}_{i}", key)
    chosen = {f"stage:{s.name}": f"{var}_{i}" for i, s in enumerate(plan.stages)}
    lines += _map(f"{var}_stage", f"{var}_upstream", {**chosen, "default": f"{name}-stable"})
    if mirrors:
        for i, s in enumerate(plan.stages):
            lines += _split(f"{var}_mirror_{i}", "$request_id", s.mirror_bp or 0, "on", "off")
        copied = {f"stage:{s.name}": f"{var}_mirror_{i}" for i, s in enumerate(plan.stages)}
        lines += _map(f"{var}_stage", f"{var}_mirror", {**copied, "default": "off"})
    return "\n".join([*lines, *_server(name, var, address("listen", listen), mirrors=mirrors)]) + "\n"


def _choice(i: int, stage: Stage, name: str, var: str, key: str) -> Iterator[str]:
    """Yield the variable that names a stage's upstream for a request."""
    new, old = f"{name}-canary", f"{name}-stable"
    who = audience(stage)
    if who is None:
        yield from _split(var, key, stage.traffic_bp, new, old)
        return
    inside = []
    for j, match in enumerate(visible(TARGET, who, f"stages[{i}]")):
        source, pattern = _test(match)
        inside.append(f"{var}_match_{j}")
        yield from _map(source, inside[-1], {f'"~{_escaped(pattern)}"': "1", "default": "0"})
    yield from _split(f"{var}_share", key, audience_bp(stage), new, old)
    yield from _map(f'"{"".join(inside)}"', var, {"~1": f"{var}_share", "default": old})


def _split(var: str, key: str, share_bp: int, yes: str, no: str) -> Iterator[str]:
    yield f'split_clients "{key}" {var} {{'
    if 0 < share_bp < ALL_BP:
        yield f"    {share_bp / 100:.2f}% {yes};"
    yield f"    * {yes if share_bp == ALL_BP else no};"
    yield "}"


def _map(source: str, var: str, rows: dict[str, str]) -> Iterator[str]:
    yield f"map {source} {var} {{"
    yield from (f"    {key} {value};" for key, value in rows.items())
    yield "}"


def _test(match: Match) -> tuple[str, str]:
    """Return the variable that holds a header or all cookies, and a regular expression for it."""
    if match.kind == "header":
        return "$http_" + match.name.lower().replace("-", "_"), f"^(?:{whole_regex(match)})$"
    value = whole_regex(match).replace(".*", "[^;]*") if match.op != "regex" else f"(?:{match.value})"
    return "$http_cookie", f"(?:^|; *){quoted(match.name)}={value}(?:;|$)"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _server(name: str, var: str, listen: str, *, mirrors: bool) -> Iterator[str]:
    yield from ("server {", f"    listen {listen};", "    location / {")
    if mirrors:
        yield "        mirror /riskml-mirror;"
    yield from (*_HEADERS, f"        proxy_pass http://{var}_upstream;", "    }")
    if mirrors:
        yield from ("    location = /riskml-mirror {", "        internal;")
        yield from (f"        if ({var}_mirror != on) {{ return 204; }}", *_HEADERS)
        yield from (f"        proxy_pass http://{name}-canary$request_uri;", "    }")
    yield "}"
