"""What routes ask for, by the names they use."""

from __future__ import annotations

from typing import Annotated, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError

from api.errors import malformed
from api.service import Service

Model = TypeVar("Model", bound=BaseModel)


async def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


ServiceDep = Annotated[Service, Depends(_service)]


def parsed(model: type[Model], body: bytes) -> Model:
    """Read a body in one pass; ``Malformed`` names the place, the value and what would be right."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise malformed(error, model) from None
