"""Pages: readable, self-contained, and deaf to what a change says about itself."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient

EVIL = '<script>alert(1)</script>"\'\u202e.py'


class Loads(HTMLParser):
    """Collects what a page would load, run or style inline."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one tag."""
        if tag in ("script", "img", "iframe", "link", "object", "base"):
            self.found.append(tag)
        self.found += [name for name, _ in attrs if name in ("src", "style", "srcset") or name.startswith("on")]


def loads(page: str) -> list[str]:
    """List what a page would load or run."""
    parser = Loads()
    parser.feed(page)
    return parser.found


@pytest.fixture
def assessed(client: TestClient) -> str:
    """Assess a change whose repository and paths are hostile; give its id."""
    answer = client.post("/predict", json={"repository": EVIL, "features": {"la": 500.0, "nuc": 3.0}, "head": "a" * 40})
    assert answer.status_code == 200
    return str(answer.json()["id"])


def test_pages_load_nothing_and_run_nothing(client: TestClient, assessed: str):
    """No script, no image, no inline style, nothing from elsewhere; the policy for the browser says the same."""
    for path in ("/", f"/assessments/{assessed}/page", "/docs", "/assessments/none/page"):
        answer = client.get(path)
        assert answer.headers["content-type"].startswith("text/html")
        assert loads(answer.text) == []
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


def test_the_browser_accepts_our_own_style(client: TestClient):
    """The hash in the policy is that of the style in the page, or the page would be bare."""
    answer = client.get("/")
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in answer.headers["content-security-policy"]


def test_what_a_change_says_is_escaped(client: TestClient, assessed: str):
    """Markup is text, and a character that turns the writing direction is spelled out."""
    for path in ("/", f"/assessments/{assessed}/page"):
        page = client.get(path).text
        assert "<script>" not in page
        assert "&lt;script&gt;" in page
        assert "\u202e" not in page
        assert r"\u202e" in page


def test_the_page_leads_with_the_decision_and_its_reasons(client: TestClient, assessed: str):
    """Strategy and first share, why, the stages, what is unknown, which model and policy."""
    page = client.get(f"/assessments/{assessed}/page").text
    assert "Release as canary, from 1 % of the traffic" in page
    for part in ("Why", "Stages", "Unknown", "score &gt; 0.7", "small 1", "Roll back when"):
        assert part in page


def test_nothing_to_release_shows_no_number(client: TestClient):
    """Neither its own page nor the list tells a probability that nobody measured."""
    answer = client.post("/predict", json={"repository": "acme/shop", "features": {"la": 0.0, "ld": 0.0, "nf": 0.0}})
    assert (answer.json()["empty"], answer.json()["probability"], answer.json()["hold"]) == (True, None, False)
    page = client.get(f"/assessments/{answer.json()['id']}/page").text
    assert "<h1>Nothing to release</h1>" in page
    for text in (page, client.get("/").text):
        assert "nothing to release" in text.lower()
        assert re.search(r"\d %", text) is None
    assert "riskml_probability_count 0" in client.get("/metrics").text


def test_outcomes_appear_on_the_page(client: TestClient, assessed: str):
    """What became of the change stands beside what was predicted."""
    client.post("/outcomes", json={"assessment_id": assessed, "outcome": "rolled-back", "happened_at": "2026-11-24T10:00:00Z",
                                   "stage": "p5", "source": "flagger"})
    assert "rolled-back" in client.get(f"/assessments/{assessed}/page").text


def test_the_list_is_filtered_and_paged(client: TestClient):
    """Older assessments are one link away; a repository is shown alone."""
    for n in range(51):
        client.post("/predict", json={"repository": "acme/shop" if n else "acme/other", "features": {"la": 1.0}})
    first = client.get("/").text
    link = re.search(r'href="(/\?cursor=[^"]+)"', first)
    assert link is not None
    assert "acme/other" not in first
    assert "acme/other" in client.get(link[1]).text
    assert "acme/shop" not in client.get("/", params={"repository": "acme/other"}).text.replace("placeholder=\"acme/shop\"", "")


def test_an_empty_list_says_how_to_begin(client: TestClient):
    """The first screen is no dead end."""
    assert "POST /predict" in client.get("/").text


def test_a_missing_assessment_is_a_page_for_people(client: TestClient):
    """404 in words, not in JSON."""
    answer = client.get("/assessments/none/page")
    assert answer.status_code == 404
    assert "no assessment has this id" in answer.text


def test_the_reference_describes_every_route(client: TestClient):
    """All public paths of the API stand in /docs, with the objects they take and give."""
    page = client.get("/docs").text
    for path in client.get("/openapi.json").json()["paths"]:
        assert path in page
    for name in ("PredictIn", "AssessmentOut", "ProblemOut"):
        assert f'id="{name}"' in page
