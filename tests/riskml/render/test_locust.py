"""The locustfile of a validation: what it holds, and that nothing in a validation becomes code."""

from __future__ import annotations

import ast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from riskml.errors import UsageError
from riskml.render.locust import locustfile
from riskml.validation import Criterion, LoadTest, Validation

LIMITS = (Criterion("error_rate", "<", 0.5, "percent"), Criterion("latency_p999", "<=", 800.0, "milliseconds"))
HOSTILE = st.text(st.characters(codec=None) | st.sampled_from("'\"\\\n\r@#{}()=; "), max_size=40)


def constants(text: str) -> dict[str, object]:
    """Return the assigned constants of a file; anything that is no literal is an error."""
    return {node.targets[0].id: ast.literal_eval(node.value)  # type: ignore[attr-defined]  # every target is a name
            for node in ast.parse(text).body if isinstance(node, ast.Assign)}


def shape(text: str) -> str:
    """Return a file's tree without the values of its constants."""
    tree = ast.parse(text)
    for node in tree.body:
        if isinstance(node, ast.Assign):
            node.value = ast.Constant(0)
    return ast.dump(tree)


def made(text: str = "/a", *, body: str | None = None) -> str:
    """Render a validation in which every text is this one."""
    return locustfile(Validation(text, text, LIMITS, LoadTest(10, 2.5, 60, text, "POST", body, text)))


def test_the_file_holds_what_was_written() -> None:
    """Users, rate, length, and each limit with its percentile."""
    found = constants(made("/cart", body="{}"))

    assert found == {
        "FEATURE": "/cart", "ENDPOINT": "/cart", "METHOD": "POST", "BODY": "{}", "HEADERS": {"Content-Type": "/cart"},
        "USERS": 10, "SPAWN_RATE": 2.5, "DURATION_S": 60,
        "CRITERIA": [("error_rate", None, "<", 0.5), ("latency_p999", 0.999, "<=", 800.0)],
    }


@given(HOSTILE)
@example("'; import os; os.system('id') #")
@example('"""\nimport os\n"""')
@example("@endpoint@ = @body@")
@example("\\'\nX = @users@\u2028\ud800")
def test_no_text_becomes_code(text: str) -> None:
    """Whatever a validation says, the file compiles, has the same tree, is ASCII, and holds the text itself."""
    file = made(text, body=text)
    compile(file, "locustfile.py", "exec")

    assert file.isascii()
    assert shape(file) == shape(made("/a", body="b"))
    found = constants(file)
    assert (found["FEATURE"], found["ENDPOINT"], found["BODY"]) == (text, text, text)


def test_a_validation_without_load_test_is_refused() -> None:
    """There is no default load."""
    with pytest.raises(UsageError, match="no load test"):
        locustfile(Validation("cart", "/cart", LIMITS))
