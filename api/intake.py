"""Reading a request for an assessment: JSON, or multipart with reports of tests and coverage beside it."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from fastapi import Request
from pydantic import BaseModel
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException

from api.deps import parsed
from api.errors import Malformed
from api.schemas import PredictIn
from api.service import digest_of_body
from riskml.parse.reports import PARSERS, detect, merge
from riskml.parse.suite_json import suites_from_json
from riskml.suite import SuiteRun

PARTS = ("request", "junit", "coverage")
MAX_FILES = 1000


@dataclass(frozen=True, slots=True)
class Report:
    """One file part: ``kind`` is the name of the part, ``name`` what the sender calls the file."""

    kind: str
    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Intake:
    """What was sent: the request, the report files beside it, and a digest of all of it for its idempotency key."""

    request: PredictIn
    reports: tuple[Report, ...] = ()

    @property
    def digest(self) -> str:
        """Hash what the sender set; what a later version of the service adds to the form does not change it."""
        return digest_of_body(canonical_body(self.request), *(r.kind.encode() + b"\0" + r.data for r in self.reports))

    def suite(self) -> SuiteRun | None:
        """Read the tests, wherever they stand; ``None`` if there are none. Parsing is work for a thread."""
        if self.reports:
            if self.request.tests is not None:
                raise Malformed("tests twice", where="tests", got="tests and report files", expected="one of the two")
            return merge(PARSERS[_kind(r)](r.data, r.name) for r in self.reports)
        return None if self.request.tests is None else suites_from_json(self.request.tests)


def canonical_body(body: BaseModel) -> bytes:
    """Spell what was set in one way, whatever the order and the spaces of the sender's JSON."""
    return body.model_dump_json(exclude_unset=True).encode()


async def read_intake(request: Request) -> Intake:
    """Read the body as its content type says."""
    media = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if media == "multipart/form-data":
        return await _multipart(request)
    return Intake(parsed(PredictIn, await read_json(request)))


async def read_json(request: Request) -> bytes:
    """Read a body that must be JSON."""
    media = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if media != "application/json" and not media.endswith("+json"):
        raise HTTPException(415, f"The body is {media!r}; expected application/json.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415, "The body is compressed; expected no Content-Encoding.")
    return await request.body()


async def _multipart(request: Request) -> Intake:
    try:
        # the size of a part needs no limit of its own: BodyLimit bounds them all together
        async with request.form(max_files=MAX_FILES, max_fields=MAX_FILES, max_part_size=1 << 30) as form:
            parts = [(name, value) for name, value in form.multi_items()]
            bodies = [(name, await value.read() if isinstance(value, UploadFile) else value.encode(),
                       (value.filename if isinstance(value, UploadFile) else None) or name) for name, value in parts]
    except (MultiPartException, HTTPException) as error:
        raise Malformed("not multipart/form-data", where="the body", got=getattr(error, "detail", str(error)),
                        expected=f"parts: {', '.join(PARTS)}") from None
    for name, _, _ in bodies:
        if name not in PARTS:
            near = get_close_matches(name, PARTS, n=1)
            raise Malformed("unknown part", where=name, got=name,
                            expected=near[0] if near else f"one of: {', '.join(PARTS)}")
    requests = [data for name, data, _ in bodies if name == "request"]
    if len(requests) != 1:
        raise Malformed("not one request", where="request", got=f"{len(requests)} parts",
                        expected="one JSON part named request")
    return Intake(parsed(PredictIn, requests[0]),
                  tuple(Report(name, file, data) for name, data, file in bodies if name != "request"))


def _kind(report: Report) -> str:
    kind = detect(report.data, report.name)
    if (kind == "junit") != (report.kind == "junit"):
        raise Malformed("a report under the wrong name", where=report.name, got=f"{kind} as {report.kind}",
                        expected="test reports as junit, coverage as coverage")
    return kind
