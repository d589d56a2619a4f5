"""Loopback peers, certificates made on the spot, and clients that may reach loopback."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from monitor.net.client import Fetcher
from monitor.net.guard import Guard
from monitor.net.webhook import WebhookClient
from tests.net.peers import Peer, SmtpPeer, Talk

NOW = datetime(2025, 10, 9, 12, 0, tzinfo=UTC)
LOOPBACK = (ip_network("127.0.0.0/8"),)

_OPENSSL = """
[req]
distinguished_name = dn
x509_extensions = authority
prompt = no
[dn]
commonName = test
[authority]
basicConstraints = critical, CA:TRUE
subjectKeyIdentifier = hash
keyUsage = critical, keyCertSign
[ca]
default_ca = here
[here]
dir = {folder}
database = {folder}/index.txt
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
basicConstraints = CA:FALSE
authorityKeyIdentifier = keyid
subjectKeyIdentifier = hash
subjectAltName = {names}
"""


@dataclass(frozen=True)
class Certificates:
    """Server contexts by what is wrong with them, and the client's trust in their authority."""

    trust: ssl.SSLContext
    good: ssl.SSLContext
    expired: ssl.SSLContext
    stranger: ssl.SSLContext  # for another host
    self_signed: ssl.SSLContext


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl program to make certificates (apt-get install openssl)")
    folder = tmp_path_factory.mktemp("certificates")
    (folder / "index.txt").touch()
    key = folder / "key.pem"
    _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)

    def config(names: str) -> Path:
        path = folder / "openssl.cnf"
        path.write_text(_OPENSSL.format(folder=folder, names=names))
        return path

    def root(name: str) -> Path:
        path = folder / f"{name}.pem"
        command = ("req", "-x509", "-key", key, "-days", "2", "-subj", f"/CN={name}", "-out", path)
        _openssl(*command, "-config", config("DNS:unused"))
        return path

    def leaf(name: str, names: str, *dates: str) -> ssl.SSLContext:
        request, path = folder / f"{name}.csr", folder / f"{name}.pem"
        settings = config(names)
        _openssl("req", "-new", "-key", key, "-subj", f"/CN={name}", "-config", settings, "-out", request)
        signing = ("ca", "-batch", "-notext", "-config", settings, "-cert", authority, "-keyfile", key)
        _openssl(*signing, "-in", request, "-out", path, *(dates or ("-days", "2")))
        return serving(path)

    def serving(path: Path) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path, key)
        return context

    authority = root("authority")
    ours = "DNS:feed.example, DNS:mail.example, IP:127.0.0.1"
    return Certificates(
        trust=ssl.create_default_context(cafile=str(authority)),
        good=leaf("good", ours),
        expired=leaf("expired", ours, "-startdate", "20200101000000Z", "-enddate", "20200102000000Z"),
        stranger=leaf("stranger", "DNS:elsewhere.example"),
        self_signed=serving(root("nobody")),
    )


def _openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


async def on_loopback(host: str, port: int) -> Sequence[str]:
    """Every name is this machine."""
    return ["127.0.0.1"]


@pytest.fixture
def guard() -> Guard:
    return Guard(LOOPBACK, resolver=on_loopback)


@pytest.fixture(scope="session")
def no_trust() -> ssl.SSLContext:
    """A context for tests that speak plain http: loading the authorities costs 30 ms each time."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


Serve = Callable[..., Awaitable[Peer]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts a peer that talks as told: bytes answer every request, a list one request after the other."""
    peers: list[Peer] = []

    async def start(talk: Talk | bytes | list[bytes], tls: ssl.SSLContext | None = None) -> Peer:
        peer = Peer(talk, tls)
        peers.append(peer)
        await peer.start()
        return peer

    yield start
    for peer in peers:
        await peer.stop()


ServeMail = Callable[..., Awaitable[SmtpPeer]]


@pytest.fixture
async def serve_mail() -> AsyncIterator[ServeMail]:
    """Starts a mail server that answers as scripted (see SmtpPeer)."""
    peers: list[SmtpPeer] = []

    async def start(tls: ssl.SSLContext | None = None, implicit: bool = False, **script: object) -> SmtpPeer:
        peer = SmtpPeer(script, tls, implicit)
        peers.append(peer)
        await peer.start()
        return peer

    yield start
    for peer in peers:
        await peer.stop()


@pytest.fixture
async def new_fetcher(guard: Guard, no_trust: ssl.SSLContext) -> AsyncIterator[Callable[..., Fetcher]]:
    made: list[Fetcher] = []

    def make(**changes: Any) -> Fetcher:
        settings = {
            "guard": guard,
            "user_agent": "Policy-Monitor/test",
            "clock": lambda: NOW,
            "tls": no_trust,
            **changes,
        }
        made.append(Fetcher(**settings))
        return made[-1]

    yield make
    for fetcher in made:
        await fetcher.aclose()


@pytest.fixture
def fetcher(new_fetcher: Callable[..., Fetcher]) -> Fetcher:
    return new_fetcher()


@pytest.fixture
async def new_webhook(guard: Guard, no_trust: ssl.SSLContext) -> AsyncIterator[Callable[..., WebhookClient]]:
    made: list[WebhookClient] = []

    def make(**changes: Any) -> WebhookClient:
        settings = {
            "guard": guard,
            "user_agent": "Policy-Monitor/test",
            "clock": lambda: NOW,
            "tls": no_trust,
            **changes,
        }
        made.append(WebhookClient(**settings))
        return made[-1]

    yield make
    for client in made:
        await client.aclose()


@pytest.fixture
def webhook(new_webhook: Callable[..., WebhookClient]) -> WebhookClient:
    return new_webhook()
