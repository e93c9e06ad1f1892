"""What the action runs: ``riskml predict``, once a service, and the outputs of the step.

Reads the action's inputs from variables (``action.yml`` sets them), starts riskml with lists of arguments and no shell, and
writes the files that GitHub names: the summary, the outputs, and a folder to upload.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from riskml.adapters.git import GitRepository
from riskml.adapters.git.deepen import deepen
from riskml.errors import RiskmlError, UsageError

RISKML = (sys.executable, "-I", "-m", "riskml.cli.main")
PLACED = {"ramp-file": "ramp.json", "report-html": "report.html", "sarif-file": "riskml.sarif"}
WORST_FIRST = (20, 10, 30)  # block, warn, unknown
SERVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,59}")


def main() -> int:
    """Score, write, and return the exit code of the gate."""
    given = {name.removeprefix("RISKML_").lower(): value for name, value in os.environ.items() if name.startswith("RISKML_")}
    out = Path(os.environ["RUNNER_TEMP"]) / "riskml"
    (out / "decisions").mkdir(parents=True, exist_ok=True)
    (out / "number").write_text(given.get("number", "") + "\n")
    (out / "when").write_text(given.get("comment", "auto") + "\n")
    scored: dict[str, Path] = {}
    codes = []
    for service in lines(given.get("services", "")) or [""]:
        name = Path(service).stem if service else "default"
        if not SERVICE.fullmatch(name) or name in scored:
            sys.stderr.write(f"riskml: not the name of one service: {name!r}\n")
            return 2
        folder = out / name
        folder.mkdir(exist_ok=True)
        code = predict(given, service, folder, out / "decisions" / f"{name}.json")
        if code not in (0, *WORST_FIRST):
            return code
        codes.append(code)
        if (folder / "outputs").exists():
            scored[name] = folder
    if scored:
        tell(scored, max(scored, key=lambda name: score_of(out / "decisions" / f"{name}.json")), out)
    return next((code for code in WORST_FIRST if code in codes), 0)


def score_of(decision: Path) -> float:
    """Return the score of a decision; below all where there is nothing to release, and so no score."""
    score = json.loads(decision.read_bytes())["score"]
    return -1.0 if score is None else float(score)


def predict(given: dict[str, str], service: str, folder: Path, decision: Path) -> int:
    """Judge the change for one service."""
    enforced = given.get("mode", "shadow") == "enforce"
    args = [
        "predict", ".", f"--base={given['base']}", f"--head={given['head']}", f"--deepen={given.get('history_depth', 'auto')}",
        f"--fail-on={given.get('fail_on', 'block') if enforced else 'never'}", "--missing-reports=unknown",
        f"--output={folder / 'riskml.txt'}", f"--also=json={decision}", f"--also=markdown={folder / 'summary.md'}",
        f"--also=github-output={folder / 'outputs'}", f"--also=html={folder / PLACED['report-html']}",
        f"--also=sarif={folder / PLACED['sarif-file']}", f"--also=ramp={folder / PLACED['ramp-file']}",
        *(f"--junit={glob}" for glob in lines(given.get("junit", ""))),
        *(f"--coverage={glob}" for glob in lines(given.get("coverage", ""))),
    ]
    if service:
        args.append(f"--service={service}")
    if given.get("artifact"):
        args.append(f"--artifact={given['artifact']}")
    if given.get("policy"):
        try:
            args.append(f"--policy={policy_at_base(given, folder)}")
        except RiskmlError as error:
            sys.stderr.write(f"riskml: {error}\n")
            return 2
    if given.get("server_url"):
        args += [f"--server={given['server_url']}", f"--on-unavailable={given.get('on_unavailable', 'pass')}"]
    return subprocess.run([*RISKML, *args], check=False).returncode


def policy_at_base(given: dict[str, str], folder: Path) -> Path:
    """Return a copy of the policy as the base has it, so that no change edits its own judge."""
    repository, base = GitRepository.open("."), given["base"]
    depth = given.get("history_depth", "auto")
    if depth == "auto" or depth == "full":
        base, _ = deepen(repository, base, given["head"], depth=depth)
    text = repository.read_file(base, given["policy"])
    if text is None:
        raise UsageError("the base has no such policy", where="policy", got=given["policy"], expected="a path at the base")
    copy = folder / "policy.yaml"
    copy.write_bytes(text)
    return copy


def tell(scored: dict[str, Path], riskiest: str, out: Path) -> None:
    """Write the summary of all services, and the outputs of the riskiest."""
    with open(os.environ["GITHUB_STEP_SUMMARY"], "a", encoding="utf-8") as summary:
        for name, folder in scored.items():
            heading = f"## {name}\n\n" if len(scored) > 1 else ""
            summary.write(heading + (folder / "summary.md").read_text(encoding="utf-8"))
    with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as outputs:
        outputs.write((scored[riskiest] / "outputs").read_text(encoding="utf-8"))
        outputs.write(f"report-json={out / 'decisions' / riskiest}.json\n")
        for name, file in PLACED.items():
            outputs.write(f"{name}={scored[riskiest] / file}\n")


def lines(text: str) -> list[str]:
    """Return the lines of an input that are not blank."""
    return [line.strip() for line in text.splitlines() if line.strip()]


if __name__ == "__main__":
    sys.exit(main())
