"""The web UI as files: its page, its assets named by their content, and what is said where it was not built."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler

Asked = Request[Any, Any, Any]
BUILT = Path(__file__).parent / "static"
POLICY = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
"""Content-Security-Policy of the pages: nothing inline, nothing from elsewhere."""
FOREVER = "public, max-age=31536000, immutable"
"""Cache-Control of what has its content in its name."""
NAMED = re.compile(r"[A-Za-z0-9_.-]+")
OPEN = {"open": True}
"""The files are the same for everybody and tell nothing: a token is asked for by what they ask."""
NOT_BUILT = b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Calipso: the web UI is not built</title></head>
<body><main><h1>The web UI is not built</h1>
<p>This is a checkout without it. API and command line work: see <code>/api/v1/openapi.json</code> and
<code>calipso --help</code>.</p>
<p>To build it, install Node.js 18 or later with npm (Debian: <code>apt install nodejs npm</code>), then run
<code>make ui</code> and load this page again.</p>
<p>Wheels of Calipso hold it built.</p></main></body></html>
"""


def page_routes(built: Path = BUILT) -> Sequence[HTTPRouteHandler]:
    """`/` and `/NAME` (one page, it reads the address itself), `/assets/FILE`, `/favicon.svg`; all without a token."""

    @get(["/", "/{page:str}"], sync_to_thread=False, opt=OPEN)
    def page(request: Asked) -> Response[bytes]:
        """The page of the web UI, or how to build it."""
        if "." in str(request.path_params.get("page", "")):
            raise NotFoundException(detail="no such file")
        index = built / "index.html"
        body = index.read_bytes() if index.is_file() else NOT_BUILT
        return _file(body, "text/html; charset=utf-8", "no-cache")

    @get("/assets/{name:str}", sync_to_thread=False, opt=OPEN)
    def asset(request: Asked) -> Response[bytes]:
        """A file of the web UI; its name changes with its content."""
        return _named(built / "assets", str(request.path_params["name"]), FOREVER)

    @get("/favicon.svg", sync_to_thread=False, opt=OPEN)
    def favicon() -> Response[bytes]:
        """The sign of Calipso."""
        return _named(built, "favicon.svg", "public, max-age=86400")

    return page, asset, favicon


def _named(folder: Path, name: str, keep: str) -> Response[bytes]:
    """Raises `NotFoundException` for what is no plain name of a file there."""
    file = folder / name
    if not NAMED.fullmatch(name) or name.startswith(".") or not file.is_file():
        raise NotFoundException(detail="no such file")
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return _file(file.read_bytes(), kind, keep)


def _file(body: bytes, kind: str, keep: str) -> Response[bytes]:
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": keep, "Content-Type": kind}
    return Response(body, headers=headers, media_type=kind)
