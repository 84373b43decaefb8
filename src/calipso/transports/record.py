"""A transport that writes down what another one answers; `transports/transcript.py` describes the lines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TextIO

from calipso.errors import TransportError
from calipso.seams import Reply, Request, Transport
from calipso.transports.transcript import encode_line, header


class RecordTransport:
    """Passes every request on to `inner`, and every answer to `output`, secrets masked.

    What the caller gets is untouched. Closing closes `inner`; `output` belongs to who opened it.
    """

    def __init__(self, inner: Transport, output: TextIO) -> None:
        self._inner = inner
        self.answers = inner.answers
        self._output = output
        self._write(header())

    async def ask(self, request: Request) -> Reply:
        """Raises what `inner` raises; errors are recorded too."""
        try:
            reply = await self._inner.ask(request)
        except TransportError as error:
            self._write(encode_line(request, error))
            raise
        self._write(encode_line(request, reply))
        return reply

    async def listen(self, request: Request) -> AsyncIterator[Reply]:
        try:
            async for reply in self._inner.listen(request):
                self._write(encode_line(request, reply, stream=True))
                yield reply
        except TransportError as error:
            self._write(encode_line(request, error, stream=True))
            raise

    async def close(self) -> None:
        self._output.flush()
        await self._inner.close()

    def _write(self, line: str) -> None:
        self._output.write(line + "\n")
