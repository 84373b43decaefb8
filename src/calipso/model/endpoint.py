"""Where something is sent to, as users write it: an address of either family, with a port or without."""

from __future__ import annotations

import ipaddress


def endpoint(text: str) -> tuple[str, int]:
    """(address, port) of `192.0.2.1:2055`, `[2001:db8::1]:2055` or an address alone: port 0.

    Raises `ValueError`: names are not looked up, and an address has no zone.
    """
    host, port = text, ""
    if text.startswith("["):
        host, closed, port = text[1:].partition("]")
        if not closed or (port and not port.startswith(":")) or port == ":":
            raise ValueError(f"{text!r} has a bracket too few, or no port behind it")
        port = port[1:]
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    address = ipaddress.ip_address(host)
    if "%" in host or (text.startswith("[") and address.version == 4):
        raise ValueError(f"{text!r} is no address with a port")
    if port and not (port.isascii() and port.isdecimal() and int(port) <= 0xFFFF):
        raise ValueError(f"{text!r} has no port between 0 and 65535")
    return str(address), int(port or 0)
