"""Signing in by a user's name and password, for the interfaces that are not our own."""

from __future__ import annotations

from litestar.exceptions import HTTPException

from calipso.errors import Forbidden
from calipso.operations.access import CreatedToken
from calipso.operations.context import Context
from calipso.operations.registry import BY_NAME, perform
from calipso.operations.users import LogIn


async def sign_in(context: Context, name: str, password: str) -> CreatedToken:
    """A session. Raises 401 with the reason, `Conflict` when a password has to be chosen first."""
    try:
        made: CreatedToken = await perform(context, BY_NAME["log_in"], LogIn(name=name, password=password), "")
    except Forbidden as error:
        detail = f"{error.message}; a token's name and the token itself are taken too"
        raise HTTPException(status_code=401, detail=detail) from error
    return made
