"""What may be dialled: the shape of an address before any connection, and every IP address at the moment of connecting.

A check before the fetch can be undone by a second DNS answer (rebinding), so the deciding check sits in the network
backend: it resolves once, checks every answer and dials one of the addresses it has checked (THREATS, finding 8).
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import httpcore
import httpx

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]

# ``ipaddress.is_global`` calls several of these public on Python 3.11 (THREATS, finding 7), hence a list of our own.
DENIED: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; a cloud's metadata at 100.100.100.200
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's platform address, although in public space
        "169.254.0.0/16",  # link-local; metadata at 169.254.169.254
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        # Only 2000::/3 is global unicast (RFC 4291 2.4). All else goes: ::, ::1, IPv4-compatible, NAT64 (64:ff9b::),
        # discard (100::), segment routing (5f00::), unique local, link-local, the old site-local, multicast.
        "::/3",
        "4000::/2",
        "8000::/1",
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32",
        "2002::/16",  # 6to4 holds an IPv4 address
        "3fff::/20",
    )
)

MAX_URL = 4096
MAX_DIALS = 4  # a name with a thousand answers is checked whole, but not dialled a thousand times
_HOST = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_AUTHORITY = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://([^/?#]*)")


class BlockedAddress(httpcore.ConnectError):
    """The host's name leads to an address that must not be dialled. No packet was sent to it."""


class Unresolved(httpcore.ConnectError):
    """The host's name has no address."""


async def resolve(host: str, port: int) -> list[str]:
    """Every address of ``host`` in the system's order. Raises OSError (``socket.gaierror``) where there is none."""
    loop = asyncio.get_running_loop()
    answers = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in answers))


class Guard:
    """The rules for every address that a poll or a webhook may reach.

    ``allow_networks`` are reachable although they are private, on any port; everything else must be public and on
    one of ``allow_ports``. ``resolver`` gives the addresses of a host.
    """

    def __init__(
        self,
        allow_networks: Sequence[Network] = (),
        allow_ports: Collection[int] = (80, 443),
        *,
        resolver: Resolver = resolve,
    ) -> None:
        self.allow_networks = tuple(allow_networks)
        self.allow_ports = frozenset(allow_ports)
        self.resolver = resolver

    def check_url(self, url: str) -> str | None:
        """Why this address must not even be tried, or None. Looks at its spelling only; resolves nothing."""
        if len(url) > MAX_URL:
            return f"the address is longer than {MAX_URL} characters"
        if "\\" in url:
            return "the address holds a backslash"
        if any(ord(char) <= 0x20 or 0x7F <= ord(char) <= 0x9F for char in url):
            return "the address holds a space or a control character"
        try:
            parsed = httpx.URL(url)
            has_host = bool(parsed.host)  # decodes IDNA, and raises where it is wrong
        except (httpx.InvalidURL, ValueError) as error:
            return f"the address cannot be read: {error}"
        if parsed.scheme not in ("http", "https"):
            return f"the scheme is {parsed.scheme or 'missing'}, not http or https"
        authority = _AUTHORITY.match(url)
        if authority is None or "@" in authority[1] or parsed.userinfo:
            return "the address holds a user name, or no host follows //"
        if not has_host:
            return "the address has no host"
        return _check_host(parsed) or self._check_port(parsed)

    def _check_port(self, url: httpx.URL) -> str | None:
        port = (443 if url.scheme == "https" else 80) if url.port is None else url.port
        if not 0 < port < 65536:
            return f"there is no port {port}"
        if port in self.allow_ports:
            return None
        literal = _literal(url.raw_host.decode("ascii"))
        if self.allow_networks and (literal is None or self._allowed(literal)):
            return None  # a name may lead into allow_networks: check_address decides when it is dialled
        return f"port {port} is not one of {', '.join(map(str, sorted(self.allow_ports)))}"

    def check_target(self, url: str) -> str | None:
        """Why a proxy must not be asked for ``url``, which passed ``check_url``, or None.

        The proxy resolves a name, so that its addresses cannot be checked here; what it may not name at all can.
        """
        parsed = httpx.URL(url)
        port = parsed.port or (443 if parsed.scheme == "https" else 80)
        host = parsed.raw_host.decode("ascii")
        literal = _literal(host)
        if literal is not None:
            return self.check_address(literal, port)
        if host == "localhost" or host.endswith(".localhost"):
            return f"{host} is the proxy itself (RFC 6761 6.3)"
        return None if port in self.allow_ports else f"port {port} is not allowed"

    def for_proxy(self, port: int) -> Guard:
        """The rules for the proxy itself: the operator stated its port, which need not be one of the web's."""
        return Guard(self.allow_networks, {*self.allow_ports, port}, resolver=self.resolver)

    def check_address(self, address: Address, port: int) -> str | None:
        """Why ``address`` must not be dialled on ``port``, or None."""
        plain = _unmapped(address)
        if self._allowed(plain):
            return None
        if any(plain in network for network in DENIED):
            return f"{address} is not a public address"
        if port not in self.allow_ports:
            return f"port {port} of {address} is not allowed"
        return None

    def _allowed(self, address: Address) -> bool:
        return any(_unmapped(address) in network for network in self.allow_networks)

    async def addresses(self, host: str, port: int) -> list[Address]:
        """Every address of ``host``, all of them checked. Raises BlockedAddress if any one is denied, Unresolved."""
        literal = _literal(host)
        try:
            answers = [host] if literal is not None else await self.resolver(host, port)
            found = [ipaddress.ip_address(answer) for answer in answers]
        except (OSError, ValueError) as error:
            raise Unresolved(f"{host}: {error}") from error
        if not found:
            raise Unresolved(f"{host} has no address")
        for address in found:
            if reason := self.check_address(address, port):
                raise BlockedAddress(f"{host}: {reason}")
        return found

    def backend(self) -> GuardedBackend:
        """A network backend for httpcore that dials only what this guard has checked."""
        return GuardedBackend(self)


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Resolves once, checks every answer, and dials the checked literals; TLS still sees the host's name."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._wire = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                found = await self._guard.addresses(host, port)
                return await self._dial(found[:MAX_DIALS], port, timeout, local_address, socket_options)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"{host}: no connection within {timeout} s") from error

    async def _dial(
        self,
        addresses: list[Address],
        port: int,
        timeout: float | None,  # noqa: ASYNC109 - shared out among the addresses
        local_address: str | None,
        socket_options: Iterable[SocketOption] | None,
    ) -> httpcore.AsyncNetworkStream:
        """The first address that answers. Each has an equal share of the time: one black hole costs no fetch."""
        share = None if timeout is None else timeout / len(addresses)
        failed: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address in addresses:
            try:
                return await self._wire.connect_tcp(str(address), port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed or httpcore.ConnectError("no address to dial")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise BlockedAddress("a path of this machine is not dialled")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _check_host(url: httpx.URL) -> str | None:
    host = url.raw_host.decode("ascii")
    if _literal(host) is not None and "%" not in host:
        return None
    if len(host) > 253 or _HOST.fullmatch(host) is None:
        return f"{host[:100]!r} is not a host name"
    # Resolvers take 127.1, 0x7f.1 and 2130706433 for IPv4 addresses (the URL standard's "ends in a number").
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", host.rpartition(".")[2]):
        return f"{host!r} is a number, but not a plain IPv4 address"
    return None


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _unmapped(address: Address) -> Address:
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address
