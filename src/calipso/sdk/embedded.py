"""Operations without a server: the system of a folder in a thread of its own, its one writer while it is open."""

from __future__ import annotations

import asyncio
import atexit
import threading
from typing import Any

from calipso.errors import ConfigError
from calipso.operations.registry import BY_NAME, perform
from calipso.runtime.home import Home
from calipso.runtime.system import System, opened

WHO = "embedded"
"""Who acts: whoever may write to the folder."""


class Embedded:
    """Calls operations of an environment. Raises `Conflict` when another program writes to the folder, `NotFound`."""

    def __init__(self, home: Home, environment: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="calipso", daemon=True)
        self._thread.start()
        self._open = opened(home, environment)
        self._system: System | None = None
        try:
            self._system = self._run(self._open.__aenter__())
        except BaseException:
            self._stop()
            raise
        atexit.register(self.close)

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def call(self, name: str, /, **values: Any) -> Any:
        """An operation by its name."""
        if self._system is None:
            raise ConfigError("this connection is closed", hint="connect anew")
        operation = BY_NAME[name]
        return self._run(perform(self._system, operation, operation.request(**values), WHO))

    def close(self) -> None:
        """Close the store and let the folder go."""
        if self._system is None:
            return
        self._system = None
        atexit.unregister(self.close)
        try:
            self._run(self._open.__aexit__(None, None, None))
        finally:
            self._stop()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
