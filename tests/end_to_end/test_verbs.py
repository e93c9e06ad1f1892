"""The verbs around ``predict``: each from a real repository to what a user, a tool or the next verb reads."""

from __future__ import annotations

import csv
import json
import re
from math import isnan, nan
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from riskml.features.catalogue import CATALOGUE, NAMES

PEOPLE = {f.name for f in CATALOGUE if f.person}


def test_features_prints_the_whole_default_profile(riskml, shop):
    """Every feature by name, unknown ones as null, and so all about a person; base and head as full ids."""
    ran = riskml("features", shop.path)
    found = ran.json

    assert (ran.code, ran.err) == (0, "")
    assert set(found["features"]) == set(NAMES)
    assert {found["features"][name] for name in PEOPLE} == {None}
    assert [found["features"][name] for name in ("la", "ld", "nf")] == [3.0, 2.0, 1.0]
    assert found["features"]["tests_run"] is None
    assert (found["base"], found["head"]) == (shop.git("rev-parse", "main"), shop.git("rev-parse", "feature"))
    assert found["tests"] == []


def test_features_about_people_are_for_those_who_ask(riskml, shop):
    """``--profile people`` adds them, and still names nobody."""
    ran = riskml("features", shop.path, "--profile", "people")

    assert None not in {ran.json["features"][name] for name in PEOPLE}
    assert not re.search("ada|grace|example", ran.out.lower().replace("readable", ""))


def test_features_list_is_the_catalogue(riskml):
    """One line a feature, without a repository."""
    lines = riskml("features", "--list").out.splitlines()

    assert [line.split()[0] for line in lines] == [f.name for f in CATALOGUE]


def test_features_with_reports_have_what_they_say(riskml, shop, tmp_path):
    """The suite run is printed in the form that the service takes."""
    report = tmp_path / "r.xml"
    report.write_text('<testsuite name="s"><testcase name="a" time="2"/><testcase name="b"><skipped/></testcase></testsuite>')
    found = riskml("features", shop.path, "--junit", report).json

    assert (found["features"]["tests_failed"], found["features"]["tests_skipped"]) == (0.0, 1.0)
    assert len(found["tests"]) == 1


def test_explain_adds_up(judged, shop):
    """Every row of the arithmetic, and its sum."""
    ran = judged("explain", shop.path, "--format", "json", "--all")
    found = ran.json

    assert (ran.code, ran.err) == (0, "")
    parts = [row["contribution"] for row in found["contributions"]]
    assert found["bias"] + sum(parts) == pytest.approx(found["margin"], abs=1e-6)
    assert [row["feature"] for row in found["contributions"] if row["value"] is None] == ["tests_failed"]


def test_explain_says_what_is_unknown(judged, shop):
    """In text, an unknown value is the word and not a number."""
    ran = judged("explain", shop.path, "--all")

    assert re.search(r"^tests_failed +unknown", ran.out, re.MULTILINE)
    assert re.search(r"^calibrated probability 0\.\d{4}$", ran.out, re.MULTILINE)


def table(file: Any) -> list[dict[str, Any]]:
    """Read a mined table."""
    rows: list[dict[str, Any]] = pq.read_table(file).to_pylist()
    return rows


def test_mine_writes_one_row_a_commit(riskml, shop, tmp_path):
    """Of the ancestors of the ref alone, with the ids and times of git and the names of the catalogue."""
    ran = riskml("mine", shop.path, "--output", tmp_path / "t.parquet", "--rev", "main")
    rows = table(tmp_path / "t.parquet")

    assert (ran.code, ran.out) == (0, "")
    assert re.fullmatch(r"riskml: .*: \d+ rows\n", ran.err)
    assert {row["sha"] for row in rows} <= set(shop.git("rev-list", "main").splitlines())
    assert set(rows[0]) == {"sha", "authored_at", "committed_at", "newcomer", *NAMES}
    assert {row[name] for name in PEOPLE for row in rows} == {None}


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_every_kind_of_table_says_the_same(riskml, shop, tmp_path, kind):
    """CSV and JSON lines hold what Parquet holds; unknown is empty, or null."""
    riskml("mine", shop.path, "--output", tmp_path / "t.parquet")
    riskml("mine", shop.path, "--output", tmp_path / f"t.{kind}")
    text = (tmp_path / f"t.{kind}").read_text()
    rows = list(csv.DictReader(text.splitlines())) if kind == "csv" else [json.loads(line) for line in text.splitlines()]

    def number(value: Any) -> float:
        return nan if value in ("", None) else float(value)

    for one, other in zip(table(tmp_path / "t.parquet"), rows, strict=True):
        assert one["sha"] == other["sha"]
        for name in NAMES:
            a, b = number(one[name]), number(other[name])
            assert a == b or (isnan(a) and isnan(b)), name


def test_since_cuts_rows_and_not_the_past(riskml, shop, tmp_path):
    """Rows from the day on are the same with and without the earlier ones."""
    shop.now += 5 * 86400
    shop.commit("Days later", {"billing/charging.py": "x\n"})
    riskml("mine", shop.path, "--output", tmp_path / "all.parquet")
    riskml("mine", shop.path, "--output", tmp_path / "late.parquet", "--since", "2023-11-19")
    late, every = table(tmp_path / "late.parquet"), table(tmp_path / "all.parquet")

    assert 0 < len(late) < len(every)
    assert str(late) == str(every[-len(late):])


def test_several_repositories_are_mined_side_by_side(riskml, shop, tmp_path):
    """One table each, named after the folder, and told apart where folders have one name."""
    shop.git("clone", "-q", str(shop.path), str(tmp_path / "other" / "repo"))
    ran = riskml("mine", shop.path, tmp_path / "other" / "repo", "--output", tmp_path / "tables", "--jobs", "2")

    assert ran.code == 0
    one, other = sorted((tmp_path / "tables").iterdir())
    assert one.name == "repository=repo"
    assert other.name.startswith("repository=repo-")
    assert str(table(one / "part.parquet")) == str(table(other / "part.parquet"))


def test_a_mined_table_can_be_scored(riskml, shop, model, tmp_path):
    """``mine`` into ``score``: every row gets a probability; of the merge, stderr tells that the model never saw the like."""
    riskml("mine", shop.path, "--output", tmp_path / "t.parquet")
    ran = riskml("score", tmp_path / "t.parquet", "--output", tmp_path / "s.parquet", "--artifact", model)
    rows = table(tmp_path / "s.parquet")

    assert (ran.code, ran.out) == (0, "")
    assert "la: unknown in 1 row;" in ran.err
    assert all(0 < row["probability"] < 1 for row in rows)
    assert len(rows) == len(table(tmp_path / "t.parquet"))


def test_an_assessment_becomes_a_plan_for_a_tool(judged, riskml, shop, tmp_path):
    """``predict`` into ``plan``: a held release is held in the tool's words, too, and the plan survives the disk."""
    report = tmp_path / "r.xml"
    report.write_text('<testsuite name="s"><testcase name="a"><failure/></testcase></testsuite>')
    shop.commit("Big", {"big.py": "".join(f"x{n} = {n}\n" for n in range(300))})
    file = tmp_path / "a.json"
    assert judged("predict", shop.path, "--junit", report, "--format", "json", "--output", file).code == 0
    plan = riskml("plan", "--assessment", file)
    rollout = riskml("plan", "--assessment", file, "--target", "argo")

    assert (plan.code, plan.err, plan.json["strategy"], plan.json["hold"]) == (0, "", "canary", ["tests failed"])
    assert plan.json["subject"]["commit_sha"] == shop.git("rev-parse", "HEAD")
    documents = [d for d in yaml.safe_load_all(rollout.out) if d]
    steps = next(d for d in documents if d["kind"] == "Rollout")["spec"]["strategy"]["canary"]["steps"]
    assert {"pause": {}} in steps[:2]


@pytest.mark.parametrize("verb", [("show",), ("show", "--json"), ("verify",)])
def test_model_shows_and_verifies_an_artifact(riskml, model, verb):
    """The card, the manifest, or its name and hash."""
    ran = riskml("model", *verb, model)

    assert (ran.code, ran.err) == (0, "")
    assert "small" in ran.out


def test_the_hash_of_verify_is_the_one_of_every_answer(riskml, judged, shop, model):
    """Which model answered can be checked."""
    verified = riskml("model", "verify", model).out.split("sha256:")[1].strip()

    assert judged("predict", shop.path, "--format", "json").json["model"]["artifact_sha256"] == verified


def test_target_options_are_listed(riskml):
    """``--option help`` tells a target's options; targets without any say so."""
    assert "router=" in riskml("plan", "--score", "0.1", "--target", "argo", "--option", "help").out
    assert riskml("plan", "--score", "0.1", "--target", "json", "--option", "help").out == "json has no options\n"


def test_version_is_that_of_the_package(riskml):
    """One line, exit code 0."""
    assert re.fullmatch(r"riskml \d+\.\d+\.\d+\S*\n", riskml("--version").out)


def test_no_verb_shows_the_help(riskml):
    """All verbs, on standard output."""
    ran = riskml()

    assert ran.code == 0
    assert all(verb in ran.out for verb in ("predict", "explain", "mine", "plan"))


def test_the_bundled_model_needs_nothing_but_the_repository(riskml, process, shop):
    """No option, no key, no network: the decision names the model that ships, and its arithmetic adds up."""
    shown = riskml("model", "verify")
    if shown.code == 4 and "carries no model" in shown.err:
        pytest.skip("this checkout carries no model yet")
    found = process("predict", shop.path, "--format", "json")
    parts = process("explain", shop.path, "--format", "json", "--all").json

    assert (found.code, found.err) == (0, "")
    assert shown.out.split()[:2] == [found.json["model"]["name"], found.json["model"]["version"]]
    assert parts["bias"] + sum(p["contribution"] for p in parts["contributions"]) == pytest.approx(parts["margin"], abs=1e-6)
    assert parts["probability"] == found.json["probability"]
