"""Who a client's certificate says it is. ASGI has no word for it, so it is noted by the connection's address.

Only certificates that the TLS handshake accepted are seen here: those of the authorities given by --client-ca.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

Address = tuple[str, int]


class Certificates:
    """Address of a connection → name in its certificate, while it is open."""

    def __init__(self) -> None:
        self._names: dict[Address, str] = {}

    def name(self, client: tuple[str, int] | None) -> str:
        """The certificate's name, empty when the client showed none."""
        return self._names.get((client[0], client[1]), "") if client else ""

    def note(self, transport: asyncio.BaseTransport) -> None:
        """A connection was made. Whatever was known of its address is of an older one."""
        address = transport.get_extra_info("peername")
        if not address:
            return
        tls = transport.get_extra_info("ssl_object")
        name = subject(tls.getpeercert() or {}) if tls is not None else ""
        self.forget(address)
        if name:
            self._names[address[0], address[1]] = name

    def forget(self, address: Any) -> None:
        if address:
            self._names.pop((address[0], address[1]), None)

    def protocol(self) -> type[H11Protocol]:
        """The HTTP protocol of a server that notes them."""
        certificates = self

        class Noting(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                certificates.note(transport)
                super().connection_made(transport)

            def connection_lost(self, exc: Exception | None) -> None:
                certificates.forget(self.transport.get_extra_info("peername"))
                super().connection_lost(exc)

        return Noting


def subject(certificate: dict[str, Any]) -> str:
    """The name of a certificate as `ssl.SSLSocket.getpeercert` gives it: its first DNS name, else its common name."""
    for kind, value in cast(list[tuple[str, str]], certificate.get("subjectAltName", ())):
        if kind == "DNS":
            return value
    for part in certificate.get("subject", ()):
        for name, value in part:
            if name == "commonName":
                return str(value)
    return ""
