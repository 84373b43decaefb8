"""Entity tags (RFC 9110 §8.8.3): of what follows from the graph alone by its revision, of the rest by the answer."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

import msgspec

from calipso.operations.context import Context
from calipso.operations.registry import Operation

BY_REVISION = frozenset({"count_objects", "get_links", "get_tree", "get_clique", "get_map", "export"})
"""Reads that say the same while the graph and the scopes' freshness are the same. Objects also carry counters."""


class Tags:
    """Tags of one start of the server: revisions of another are not compared."""

    def __init__(self) -> None:
        self.start = secrets.token_hex(4)

    def before(self, operation: Operation, context: Context, request: Any) -> str:
        """The tag as it is known before the work is done, "" when only the answer can tell."""
        if operation.name not in BY_REVISION or getattr(request, "at", "") not in ("", "now"):
            return ""
        site = context.site(request.environment)
        graph = site.graph()
        stale = [state.scope.key for state in site.scopes() if state.stale]
        said = msgspec.json.encode([self.start, operation.name, request, graph.rev, graph.ts, stale, site.trouble])
        return f'W/"{hashlib.blake2b(said, digest_size=12).hexdigest()}"'

    def after(self, answer: bytes) -> str:
        """The tag of an answer."""
        return f'W/"{hashlib.blake2b(answer, digest_size=12).hexdigest()}"'

    def among(self, tag: str, known: str) -> bool:
        """Whether a client has it, by its If-None-Match; compared weakly, as that header is."""
        if known.strip() == "*":
            return True
        return tag.removeprefix("W/") in {each.strip().removeprefix("W/") for each in known.split(",")}
