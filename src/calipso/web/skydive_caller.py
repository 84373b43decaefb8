"""Who acts through Skydive's interface, by our operations."""

from __future__ import annotations

from typing import Any

import msgspec

from calipso.errors import QueryError
from calipso.operations.context import Context
from calipso.operations.registry import BY_NAME, perform


class Caller(msgspec.Struct, frozen=True):
    """Somebody who acts in an environment."""

    context: Context
    environment: str
    who: str = ""

    async def does(self, what: str, /, **values: Any) -> Any:
        """One of our operations. Raises `QueryError` for values that it does not take."""
        operation = BY_NAME[what]
        try:
            request: Any = msgspec.convert({**values, "environment": self.environment}, operation.request)
        except msgspec.ValidationError as error:
            raise QueryError(f"the body: {error}") from error
        return await perform(self.context, operation, request, self.who)
