"""Addresses as the host writes them (DIAL-1)."""

import re
from typing import NamedTuple

# What fits sockaddr_un on Linux (DIAL-2).
MAX_UNIX_PATH_BYTES = 107

HOST_AND_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s\[\]:/?#@]+):([0-9]{1,5})")


class Target(NamedTuple):
    scheme: str
    # The path of a Unix socket, or host:port.
    address: str


def parse_target(text: str) -> Target:
    """Raises ValueError with a text that follows the field's name."""
    scheme, separator, rest = text.partition("://")
    if separator == "":
        raise ValueError(f'"{text}" has no scheme; write unix:///path, tcp://host:port or tls://host:port')
    if scheme == "unix":
        if not rest.startswith("/") or "\0" in rest or len(rest.encode()) > MAX_UNIX_PATH_BYTES:
            raise ValueError(f'"{text}" must hold an absolute path of at most {MAX_UNIX_PATH_BYTES} bytes')
    elif scheme in ("tcp", "tls"):
        found = HOST_AND_PORT.fullmatch(rest)
        if found is None:
            raise ValueError(f'"{text}" must be {scheme}://host:port and nothing more')
        if not 1 <= int(found[2]) <= 65_535:
            raise ValueError(f'"{text}" needs a port from 1 to 65535')
    else:
        raise ValueError(f'"{text}" has the scheme "{scheme}"; write unix, tcp or tls')
    return Target(scheme, rest)
