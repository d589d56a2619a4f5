"""Where mail leaves, behind one shape: a relay over SMTP, or a Maildir on this machine."""

from __future__ import annotations

from monitor.model.delivery import Deferred, Outcome, Refused
from monitor.net.maildir import Maildir
from monitor.net.smtp import SmtpRelay, SmtpSession


class SmtpRoute:
    """A relay. A crash after DATA leaves a message in doubt (RFC 1047)."""

    decides = False

    def __init__(self, relay: SmtpRelay) -> None:
        self._relay = relay

    async def open(self) -> SmtpMail | Deferred:
        """A connection, or why every message must wait."""
        session = await self._relay.open()
        return session if isinstance(session, Deferred) else SmtpMail(session)


class SmtpMail:
    """One connection to the relay."""

    def __init__(self, session: SmtpSession) -> None:
        self._session = session

    async def envelope(self, sender: str, recipient: str) -> Deferred | Refused | None:
        """MAIL and RCPT; None where DATA may follow."""
        return await self._session.envelope(sender, recipient)

    async def data(self, name: str, message: bytes) -> Outcome:
        """DATA. The relay does not learn ``name``; the message's own Message-ID tells it."""
        return await self._session.data(message)

    async def close(self) -> None:
        """QUIT."""
        await self._session.close()


class MaildirRoute:
    """A Maildir. A message's file has the delivery's name, so an attempt repeated after a crash finds it there."""

    decides = True

    def __init__(self, maildir: Maildir) -> None:
        self._maildir = maildir

    async def open(self) -> MaildirRoute:
        """Always ready; what the disk says is said by ``data``."""
        return self

    async def envelope(self, sender: str, recipient: str) -> None:
        """Nothing to ask anybody."""

    async def data(self, name: str, message: bytes) -> Outcome:
        """Write the message under ``name``."""
        return await self._maildir.deliver(name, message)

    async def close(self) -> None:
        """Nothing is open."""
