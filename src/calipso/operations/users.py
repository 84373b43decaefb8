"""Users: who signs in with a password, and may what their role allows; signing in gives a token that ends."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Annotated, NoReturn

import msgspec

from calipso.errors import Conflict, Forbidden, QueryError
from calipso.model.moments import rfc3339
from calipso.operations.access import CreatedToken, apart, open_session
from calipso.operations.context import SESSION, Context, Scope, asking
from calipso.operations.user_documents import LONGEST, SHORTEST, Role, User

ROLES: Mapping[Role, tuple[Scope, ...]] = {"viewer": ("read",), "operator": ("write",), "admin": ("admin",)}
"""What a session of a user may, by role."""
ADMIN = "admin"
"""Who shows the token of the server's folder is called so."""
ONCE = 3 * 86_400_000_000
"""µs that a password is good which was made for somebody: long enough to hand it over."""

UserName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,59}$")]
Password = Annotated[str, msgspec.Meta(max_length=LONGEST)]


class GetUsers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request without parameters."""


class CreateUser(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """role: viewer (looks), operator (also scans, captures, sends packets, marks messages), admin (everything)."""

    name: UserName
    role: Role = "viewer"


class ChangeRole(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """role: viewer, operator or admin."""

    name: UserName
    role: Role


class OneUser(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """name: whose."""

    name: UserName


class LogIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A user's name and password."""

    name: str
    password: Password


class LogOut(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request without parameters: ended is the session that asks."""


class ChangePassword(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """password: the one there is. new_password: 12 characters or more, without the name in it."""

    name: str
    password: Password
    new_password: Password


class WhoAmI(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request without parameters."""


class UserView(msgspec.Struct, frozen=True):
    """once: until when the password made for the user is good, for choosing one; empty when the user has chosen.

    seen: the last time the user signed in, empty for never. sessions: how many tokens of theirs are good.
    """

    name: str
    role: Role
    created: str
    once: str
    seen: str
    sessions: int


class UserList(msgspec.Struct, frozen=True):
    items: list[UserView]


class MadePassword(msgspec.Struct, frozen=True):
    """password: shown this once and kept nowhere. Whoever signs in with it has to choose another."""

    password: str
    about: UserView


class Caller(msgspec.Struct, frozen=True):
    """Whose token asks. name: the token's, or the user's. role: empty unless it is a user's. expires: empty: never."""

    name: str
    role: str
    scopes: list[Scope]
    expires: str


async def get_users(context: Context, request: GetUsers) -> UserList:
    """The users there are, without their passwords."""
    return UserList([_view(context, each) for each in context.users.all()])


async def create_user(context: Context, request: CreateUser) -> MadePassword:
    """Let somebody sign in: makes a password to choose one's own with. Raises `Conflict` when the name is taken."""
    apart(request.name, "token", [ADMIN, *(each.name for each in context.tokens.all())])
    present = context.moment("now")
    user = User(request.name, request.role, present, once=present + ONCE)
    password = secrets.token_urlsafe(SHORTEST)
    await context.users.add(user, password)
    return MadePassword(password, _view(context, user))


async def reset_password(context: Context, request: OneUser) -> MadePassword:
    """Make a user a password to choose another with; the old one and all sessions end. Raises `NotFound`."""
    password = secrets.token_urlsafe(SHORTEST)
    user = await context.users.set_password(request.name, password, context.moment("now") + ONCE)
    context.tokens.end_sessions(user.name)
    return MadePassword(password, _view(context, user))


async def change_role(context: Context, request: ChangeRole) -> UserList:
    """Let a user do more or less; sessions end, since they may what the role did. Raises `NotFound`."""
    context.users.change(request.name, role=request.role)
    context.tokens.end_sessions(request.name)
    return await get_users(context, GetUsers())


async def remove_user(context: Context, request: OneUser) -> UserList:
    """End a user and all sessions; tokens that the user made stay. Raises `NotFound`."""
    context.users.remove(request.name)
    context.tokens.end_sessions(request.name)
    return await get_users(context, GetUsers())


async def log_in(context: Context, request: LogIn) -> CreatedToken:
    """Sign in with a user's name and password. Raises `Forbidden`; `Conflict` when a password is to be chosen."""
    user = await context.users.proven(request.name, request.password)
    if user is None:
        _refuse(request.name)
    if user.once:
        raise Conflict(
            "this password was made for you: choose your own", hint="`change_password` takes both and signs in"
        )
    return _session(context, user)


async def change_password(context: Context, request: ChangePassword) -> CreatedToken:
    """Choose another password and sign in with it; all other sessions end. Raises `Forbidden`, `QueryError`."""
    user = await context.users.proven(request.name, request.password)
    if user is None:
        _refuse(request.name)
    _fit(user.name, request.password, request.new_password)
    user = await context.users.set_password(user.name, request.new_password)
    context.tokens.end_sessions(user.name)
    return _session(context, user)


async def log_out(context: Context, request: LogOut) -> Caller:
    """End the session that asks. Raises `QueryError` for a token that is none."""
    caller = await who_am_i(context, WhoAmI())
    name = asking.get()
    if SESSION not in name:
        raise QueryError("this token is no session", hint="`calipso token revoke` ends it")
    context.tokens.revoke(name)
    return caller


async def who_am_i(context: Context, request: WhoAmI) -> Caller:
    """Whose token this is, and what it may."""
    name = asking.get()
    token = next((each for each in context.tokens.all() if each.name == name), None)
    base = name.partition(SESSION)[0]
    user = next((each for each in context.users.all() if each.name == base), None)
    scopes: list[Scope] = list(token.scopes) if token else ["admin"]  # the admin's is among no others
    ends = rfc3339(token.expires) if token and token.expires else ""
    return Caller(base, user.role if user else "", scopes, ends)


def _refuse(name: str) -> NoReturn:
    """The same for a wrong name as for a wrong password: who there is, is nobody's business."""
    hint = "the admin's way in is the token of the server's folder" if name == ADMIN else ""
    raise Forbidden("the name or the password is wrong", hint=hint)


def _fit(name: str, old: str, new: str) -> None:
    """Raises `QueryError` for a password that is easily found."""
    if len(new) < SHORTEST:
        raise QueryError(f"a password has {SHORTEST} characters or more", hint="a few words are easy to keep in mind")
    if name.casefold() in new.casefold():
        raise QueryError("the name is in the password", hint="whoever guesses begins there")
    if len(set(new)) < SHORTEST // 2:
        raise QueryError("the password repeats few characters", hint="a few words are easy to keep in mind")
    if new == old:
        raise QueryError("this is the password there was", hint="choose another")


def _session(context: Context, user: User) -> CreatedToken:
    user = context.users.change(user.name, seen=context.moment("now"))
    return open_session(context, user.name, ROLES[user.role])


def _view(context: Context, user: User) -> UserView:
    present = context.moment("now")
    mine = [each for each in context.tokens.all() if each.name.startswith(user.name + SESSION)]
    return UserView(
        user.name, user.role, rfc3339(user.created), rfc3339(user.once) if user.once else "",
        rfc3339(user.seen) if user.seen else "", sum(each.expires > present for each in mine),
    )  # fmt: skip
