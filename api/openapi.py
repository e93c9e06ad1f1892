"""The description of the API, for generators of clients and for ``docs/openapi.json``."""

from __future__ import annotations

import json

from api.app import described


def document() -> str:
    """Print the OpenAPI document. Nothing is opened for it: no store, no model."""
    return json.dumps(described(), indent=1, ensure_ascii=False) + "\n"
