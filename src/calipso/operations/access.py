"""Who may do what, and who did: tokens and the journal of writes."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Annotated

import msgspec

from calipso.errors import Conflict, QueryError
from calipso.model.moments import rfc3339
from calipso.operations.context import SESSION, Context, Deed, Scope, Token
from calipso.operations.inventory import between
from calipso.operations.paging import Cursor, Limit, page

LASTING = 86_400_000_000
"""µs that a session lasts, as the original's."""
Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,79}$")]


class GetTokens(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request without parameters."""


class CreateToken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """name: who it is for. scopes: read, write (which reads too), admin (everything), agent (delivers only).

    expires: a moment, or how long from now (`30d`); empty for never.
    """

    name: Name
    scopes: Annotated[tuple[Scope, ...], msgspec.Meta(min_length=1)] = ("read",)
    expires: str = ""


class RevokeToken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """name: whose token ends."""

    name: Name


class TokenView(msgspec.Struct, frozen=True):
    """A token without its secret. expires: empty for never."""

    name: str
    scopes: list[Scope]
    created: str
    expires: str
    expired: bool


class Tokens(msgspec.Struct, frozen=True):
    items: list[TokenView]


class CreatedToken(msgspec.Struct, frozen=True):
    """token: the secret, shown this once and kept nowhere."""

    token: str
    about: TokenView


class GetAudit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """who: a token's or a user's name. what: an operation. since, until: what was done within. limit 0: no limit."""

    who: str = ""
    what: str = ""
    since: str = ""
    until: str = ""
    limit: Limit = 100
    cursor: str = ""


class Audit(msgspec.Struct, frozen=True):
    """Writes, the newest first. `next`: the `cursor` of the next page, empty on the last."""

    items: list[Deed]
    next: str = ""


async def get_tokens(context: Context, request: GetTokens) -> Tokens:
    """The named tokens there are, without their secrets."""
    present = context.moment("now")
    return Tokens([_view(each, present) for each in context.tokens.all()])


async def create_token(context: Context, request: CreateToken) -> CreatedToken:
    """Make a token. Raises `Conflict` when the name is taken, `QueryError` for an end in the past."""
    present = context.moment("now")
    expires = _end(context, request.expires, present)
    apart(request.name, "user", [each.name for each in context.users.all()])
    secret = context.tokens.create(request.name, request.scopes, expires)
    (made,) = (each for each in context.tokens.all() if each.name == request.name)
    return CreatedToken(secret, _view(made, present))


async def revoke_token(context: Context, request: RevokeToken) -> Tokens:
    """End a token at once. Raises `NotFound`."""
    context.tokens.revoke(request.name)
    return await get_tokens(context, GetTokens())


def apart(name: str, others: str, names: Sequence[str]) -> None:
    """Raises `Conflict` for a name under which the journal could not tell who did what."""
    if name in names:
        raise Conflict(f"a {others} is called {name!r}", hint="the journal could not tell them apart")
    if SESSION in name:
        raise Conflict(f"{name!r} would be taken for a session", hint=f"choose a name without {SESSION!r}")


def open_session(context: Context, name: str, scopes: Sequence[Scope], until: int = 0) -> CreatedToken:
    """A token got by showing a name and what proves it: a day long, or until what was shown ends (µs, 0 for never)."""
    present = context.moment("now")
    session = f"{name}{SESSION}{secrets.token_hex(5)}"
    expires = min(present + LASTING, until or present + LASTING)
    secret = context.tokens.create(session, scopes, expires)
    return CreatedToken(secret, _view(Token(session, tuple(scopes), present, expires), present))


async def get_audit(context: Context, request: GetAudit) -> Audit:
    """Who wrote what, when, and how it ended; also what was refused. The newest first."""
    since, until = between(context, request.since, request.until)
    bounded = bool(request.since or request.until)
    deeds = [
        (number, deed)
        for number, deed in enumerate(context.journal.deeds())
        if request.who in ("", deed.who, deed.who.partition(SESSION)[0])
        and request.what in ("", deed.what)
        and (not bounded or since <= context.moment(deed.at) <= until)
    ]
    cursor = Cursor.read(request.cursor, request)
    before = int(cursor.after) if cursor is not None and cursor.after.isdigit() else len(deeds) + 2**40
    older = [(number, deed) for number, deed in reversed(deeds) if number < before]
    shown, more = page(older, request.limit)
    return Audit([deed for _, deed in shown], Cursor.after_last(str(shown[-1][0]), 0, request) if more else "")


def _end(context: Context, text: str, present: int) -> int:
    """µs since the epoch, 0 for never. A length of time counts from now on."""
    if not text:
        return 0
    said = context.moment(text)
    end = 2 * present - said if said <= present and text[-1] in "smhd" else said
    if end <= present:
        raise QueryError(f"{text!r} is not in the future", hint="say 30d, 12h or 2030-01-31T00:00:00Z")
    return end


def _view(token: Token, present: int) -> TokenView:
    ends = rfc3339(token.expires) if token.expires else ""
    return TokenView(
        token.name, list(token.scopes), rfc3339(token.created), ends, bool(ends) and token.expires <= present
    )
