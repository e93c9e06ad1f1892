"""A decision as JSON, for whoever reads it with a program."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def render(decision: Mapping[str, Any]) -> str:
    """Return the decision as indented JSON, keys in the order of the service's answer.

    >>> print(render({"score": 0.5}))
    {
      "score": 0.5
    }
    """
    return json.dumps(decision, indent=2, ensure_ascii=False, allow_nan=False)
