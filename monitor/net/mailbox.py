"""What came into a mailbox since the last poll: an IMAP folder, or a Maildir of this machine. Nothing in it changes.

A mailbox is fetched like a document: the bundle of what is new, oldest first, at most so much at once, and a validator
that says how far it was read. Its address is the operator's own, as the mail server's is.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote, urlsplit

from monitor.core.read.bundle import CONTENT_TYPE, pack
from monitor.model.source import Fetched, FetchFailed, FetchResult, NotModified, PollError, Proxy, Validators
from monitor.net.batch import Batch, Limits
from monitor.net.client import Fetcher
from monitor.net.excerpt import excerpt
from monitor.net.guard import BlockedAddress, Guard, Unresolved
from monitor.net.imap import ImapFault, ImapSession
from monitor.net.maildir_reading import read_maildir
from monitor.net.transport import trust

SCHEMES = ("imaps", "imap", "maildir")
LOGIN = "login"  # the name under which a mailbox's credentials come, beside the headers of other sources
_PORTS = {"imaps": 993, "imap": 143}
_THREADS = 8


class Mailboxes:
    """Fetches mailboxes. ``folder`` is what relative Maildirs stand in; times are seconds."""

    def __init__(
        self,
        folder: Path,
        guard: Guard,
        *,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        total_timeout: float = 60.0,
        step_timeout: float = 10.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._folder = folder
        self._guard = guard
        self._limits = limits
        self._total_timeout = total_timeout
        self._step_timeout = step_timeout
        self._tls = tls
        # Its own threads, so that a slow mail server keeps nobody else waiting.
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="mailbox")

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def fetch(self, url: str, validators: Validators, login: str) -> FetchResult:
        """What is new since ``validators.etag``; NotModified where nothing is. Without one: everything."""
        loop = asyncio.get_running_loop()
        try:
            if url.startswith("maildir:"):
                root = self._folder / url.removeprefix("maildir:")
                found = await loop.run_in_executor(self._threads, read_maildir, root, validators.etag, self._limits)
            else:
                async with asyncio.timeout(self._total_timeout):
                    found = await self._imap(url, validators.etag, login)
        except TimeoutError:
            return FetchFailed(PollError.TIMEOUT, f"not finished within {self._total_timeout:g} s")
        except ImapFault as fault:
            return FetchFailed(fault.error, fault.detail)
        except BlockedAddress as fault:
            return FetchFailed(PollError.BLOCKED_ADDRESS, excerpt(str(fault)))
        except Unresolved as fault:
            return FetchFailed(PollError.DNS, excerpt(str(fault)))
        except OSError as fault:
            error = PollError.NO_MAILBOX if url.startswith("maildir:") else PollError.CONNECT
            return FetchFailed(error, excerpt(f"{url}: {fault.strerror or fault}"))
        if not found.messages and validators.etag is not None:
            return NotModified(Validators(found.validator))
        headers = {"content-type": CONTENT_TYPE}
        return Fetched(url, 200, pack(found.messages), headers, Validators(found.validator), more=found.more)

    async def _imap(self, url: str, etag: str | None, login: str) -> Batch:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        addresses = await self._guard.addresses(host, port)
        self._tls = self._tls or trust()
        session = ImapSession(
            host=host,
            addresses=[str(address) for address in addresses[:4]],
            port=port,
            implicit_tls=parts.scheme == "imaps",
            tls=self._tls,
            timeout=self._step_timeout,
        )
        folder = unquote(parts.path.removeprefix("/")) or "INBOX"
        reading = asyncio.get_running_loop().run_in_executor(
            self._threads, session.read, login, folder, etag, self._limits
        )
        try:
            return await asyncio.shield(reading)
        except asyncio.CancelledError:
            session.abort()
            reading.add_done_callback(lambda done: done.cancelled() or done.exception())  # told to nobody any more
            raise


class Documents:
    """Room 2's way to every kind of address: a mailbox, or the web."""

    def __init__(self, web: Fetcher, mailboxes: Mailboxes) -> None:
        self._web = web
        self._mailboxes = mailboxes

    async def fetch(
        self,
        url: str,
        *,
        validators: Validators = Validators(),  # noqa: B008 - frozen
        headers: Mapping[str, str] = {},
        proxy: Proxy | None = None,
    ) -> FetchResult:
        """The document, or why there is none; never raises for the peer's faults."""
        if url.partition(":")[0] in SCHEMES:
            return await self._mailboxes.fetch(url, validators, headers.get(LOGIN, ""))
        return await self._web.fetch(url, validators=validators, headers=headers, proxy=proxy)

    async def aclose(self) -> None:
        """Drop the connections that are still open; the fetches on them end as failures."""
        self._mailboxes.close()
        await self._web.aclose()
