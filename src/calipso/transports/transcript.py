"""What a transcript is: requests and their answers, one a line, fit to be read, edited and given away.

JSON lines. The first is `{"calipso_transcript": 1}`. Each other has

    request    the request with its tag (`{"type": "Exec", "argv": […]}`), without timeout, secrets masked
    stream     true where the line is one reply of `listen`; such lines stand in the order of the replies
    text       the body, where it is UTF-8 text: secrets masked
    base64     the body, where it is not
    exit_code  left out when 0
    stderr     text, left out when empty
    error      instead of a body: {"type": class of calipso.errors, "message", "hint"}; ends a stream

A request asked again has a line for each answer.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

from calipso import errors
from calipso.errors import ParseError, TransportError
from calipso.seams import Exec, Reply, Request
from calipso.transports.redact import redact, redact_arguments

NAME = "transcript"
VERSION = 1
_ERRORS: dict[str, type[TransportError]] = {
    each.__name__: each for each in (TransportError, errors.Unreachable, errors.AuthFailed, errors.TimedOut)
}


class Line(msgspec.Struct, frozen=True):
    """One line, decoded: the key of its request, the request's kind (its tag), and the answer."""

    key: str
    kind: str
    stream: bool
    answer: Reply | TransportError


def header() -> str:
    return msgspec.json.encode({"calipso_transcript": VERSION}).decode()


def request_key(request: Request) -> str:
    """A request as transcripts know it: masked, and the same whatever its timeout."""
    return msgspec.json.encode(_request(request), order="deterministic").decode()


def encode_line(request: Request, answer: Reply | TransportError, *, stream: bool = False) -> str:
    """One line of a transcript, without its end."""
    out: dict[str, Any] = {"request": _request(request)}
    if stream:
        out["stream"] = True
    if isinstance(answer, TransportError):
        kind = type(answer).__name__ if type(answer).__name__ in _ERRORS else "TransportError"
        out["error"] = {"type": kind, "message": redact(answer.message), "hint": redact(answer.hint)}
    else:
        out |= _body(answer.body)
        if answer.exit_code:
            out["exit_code"] = answer.exit_code
        if answer.stderr:
            out["stderr"] = redact(answer.stderr.decode("utf-8", "replace"))
    return msgspec.json.encode(out).decode()


def decode_header(line: str) -> None:
    """Raises `ParseError` when this is no transcript, or one of a newer version."""
    found = _object(line, 1)
    version = found.get("calipso_transcript")
    if version != VERSION:
        raise ParseError(NAME, f"not a transcript of version {VERSION}", line=1, excerpt=line)


def decode_line(line: str, number: int) -> Line:
    """Raises `ParseError`."""
    found = _object(line, number)
    request = found.get("request")
    if not isinstance(request, dict):
        raise ParseError(NAME, "no request", line=number, excerpt=line)
    key = msgspec.json.encode(request, order="deterministic").decode()
    error = found.get("error")
    if isinstance(error, dict):
        kind = _ERRORS.get(str(error.get("type")), TransportError)
        answer: Reply | TransportError = kind(str(error.get("message", "")), hint=str(error.get("hint", "")))
    else:
        exit_code = found.get("exit_code", 0)
        if not isinstance(exit_code, int):
            raise ParseError(NAME, "exit_code is no number", line=number, excerpt=line)
        answer = Reply(_bytes(found, number, line), exit_code, str(found.get("stderr", "")).encode())
    return Line(key, str(request.get("type", "")), found.get("stream") is True, answer)


def _request(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(request)
    found.pop("timeout", None)
    if isinstance(request, Exec):
        found["argv"] = list(redact_arguments(request.argv))
        stdin = found.pop("stdin", b"")
        if stdin:
            found["stdin"] = redact(request.stdin.decode("utf-8", "replace"))
    return found


def _body(body: bytes) -> dict[str, str]:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}
    if any(ord(each) < 32 and each not in "\t\n\r" for each in text):
        return {"base64": base64.b64encode(body).decode()}
    return {"text": redact(text)}


def _bytes(found: dict[str, Any], number: int, line: str) -> bytes:
    text, packed = found.get("text"), found.get("base64")
    if isinstance(text, str):
        return text.encode()
    if isinstance(packed, str):
        try:
            return base64.b64decode(packed, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ParseError(NAME, f"base64: {error}", line=number, excerpt=line) from None
    raise ParseError(NAME, "neither text nor base64 nor error", line=number, excerpt=line)


def _object(line: str, number: int) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ParseError(NAME, str(error), line=number, excerpt=line) from None
    if not isinstance(found, dict):
        raise ParseError(NAME, "not a JSON object", line=number, excerpt=line)
    return found
