"""The socket that the web server listens on: made here, so that a port in use is told in words."""

from __future__ import annotations

import errno
import socket

from monitor.errors import MonitorError

_BACKLOG = 2048
_CAUSES = {
    errno.EADDRINUSE: "is in use by another program: stop that one",
    errno.EACCES: "is not allowed to this account (ports below 1024 belong to root): choose a higher port",
    errno.EADDRNOTAVAIL: "is not an address of this machine: choose one of its own",
}


def listening(host: str, port: int) -> socket.socket:
    """A listening socket, whose owner closes it; port 0 takes any free one. MonitorError says what is in the way."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:  # the second for a name that is no host name at all
        raise MonitorError(f"{host} cannot be listened on: {error}; check MONITOR_HTTP_ADDR") from error
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # else a restart waits for old connections
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
        sock.listen(_BACKLOG)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        cause = _CAUSES.get(error.errno or 0, f"cannot be listened on ({error.strerror}): choose another")
        raise MonitorError(f"{host}:{port} {cause}, or set MONITOR_HTTP_ADDR") from error
    return sock
