"""An IMAP server on loopback that speaks as much of RFC 3501 as a reader needs, and refuses everything else."""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.net.peers import Peer

LOGIN = "bulletins:s3cret word"
_FETCH = re.compile(rb"UID FETCH ([\d,]+) \((UID RFC822\.SIZE|UID INTERNALDATE BODY\.PEEK\[\]<0\.(\d+)>)\)")


@dataclass
class Folder:
    """The messages by UID; ``flags`` would hold what a reader did to them."""

    messages: dict[int, bytes] = field(default_factory=dict)
    validity: int = 1
    flags: dict[int, str] = field(default_factory=dict)

    def add(self, *messages: bytes) -> None:
        for each in messages:
            self.messages[max(self.messages, default=0) + 1] = each


class ImapPeer(Peer):
    """Serves ``folders`` to LOGIN. ``lines`` holds every command; ``instead`` answers some of them otherwise.

    A key of ``instead`` is how a command begins; its answer may hold {tag}, and None hangs up. Strict: a command that
    could change anything, or that comes in the wrong state, is refused and kept in ``faults``.
    """

    def __init__(
        self,
        folders: dict[str, Folder],
        *,
        tls: ssl.SSLContext | None = None,
        implicit: bool = True,
        capabilities: Iterable[str] = ("AUTH=PLAIN",),
        instead: dict[str, bytes | None] | None = None,
    ) -> None:
        super().__init__(self._talk_imap, tls if implicit else None)
        self.folders = folders
        self.lines: list[str] = []
        self.faults: list[str] = []
        self.secrets_in_clear = 0
        self._upgrade = None if implicit else tls
        self._capabilities = tuple(capabilities)
        self._instead = instead or {}

    async def _talk_imap(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._state, self._folder = "greeted", Folder()
        writer.write(self._instead.get("greeting") or b"* OK ready\r\n")
        while line := await reader.readline():
            tag, _, command = line.rstrip(b"\r\n").partition(b" ")
            self.lines.append(command.decode())
            scripted = next((said for begin, said in self._instead.items() if command.startswith(begin.encode())), ...)
            if scripted is None:
                return writer.transport.abort()
            if isinstance(scripted, bytes):
                writer.write(scripted.replace(b"{tag}", tag))
                continue
            answer = await self._answer(command, reader, writer)
            writer.write(b"".join(answer[:-1]) + tag + b" " + answer[-1] + b"\r\n")
            if command == b"STARTTLS" and self._upgrade is not None:
                await writer.drain()
                await writer.start_tls(self._upgrade)
                self._upgrade = None
            if command == b"LOGOUT":
                return None
        return None

    async def _answer(self, command: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> list[bytes]:
        if command == b"CAPABILITY":
            offered = ("IMAP4rev1", *self._capabilities, *(["STARTTLS"] if self._upgrade else []))
            return [b"* CAPABILITY " + " ".join(offered).encode() + b"\r\n", b"OK done"]
        if command == b"LOGOUT":
            return [b"* BYE\r\n", b"OK done"]
        if command == b"STARTTLS" and self._upgrade is not None and self._state == "greeted":
            return [b"OK go ahead"]
        if self._state == "greeted":
            return [await self._log_in(command, reader, writer)]
        named = re.fullmatch(rb'EXAMINE "(.*)"', command)
        if named:
            folder = self.folders.get(named[1].decode())
            if folder is None:
                return [b"NO no such folder"]
            self._state, self._folder = "selected", folder
            count, validity = len(folder.messages), folder.validity
            told = f"* {count} EXISTS\r\n* 0 RECENT\r\n* FLAGS (\\Seen)\r\n* OK [UIDVALIDITY {validity}] valid\r\n"
            return [told.encode(), b"OK [READ-ONLY] EXAMINE completed"]
        if self._state == "selected":
            return self._selected(command)
        return self._refuse(command)

    async def _log_in(self, command: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        if writer.get_extra_info("sslcontext") is None:
            self.secrets_in_clear += 1
        given = ""
        if command == b"AUTHENTICATE PLAIN" and "AUTH=PLAIN" in self._capabilities:
            writer.write(b"+ \r\n")
            given = base64.b64decode(await reader.readline()).decode().removeprefix("\0").replace("\0", ":")
        elif quoted := re.fullmatch(rb'LOGIN "(.*)" "(.*)"', command):
            given = f"{quoted[1].decode()}:{quoted[2].decode()}"
        else:
            return self._refuse(command)[0]
        self._state = "authenticated" if given == LOGIN else "greeted"
        return b"OK welcome" if given == LOGIN else b"NO [AUTHENTICATIONFAILED] wrong password"

    def _selected(self, command: bytes) -> list[bytes]:
        uids = sorted(self._folder.messages)
        if searched := re.fullmatch(rb"UID SEARCH UID (\d+):\*", command):
            # n:* holds the last message, be it before n (RFC 3501 6.4.8)
            found = [uid for uid in uids if uid >= int(searched[1])] or uids[-1:]
            return [b"* SEARCH " + " ".join(map(str, found)).encode() + b"\r\n", b"OK done"]
        fetched = _FETCH.fullmatch(command)
        if fetched is None:
            return self._refuse(command)
        asked = [int(uid) for uid in fetched[1].split(b",")]
        return [self._fetched(uids.index(uid) + 1, uid, fetched[3]) for uid in asked if uid in uids] + [b"OK done"]

    def _fetched(self, number: int, uid: int, most: bytes | None) -> bytes:
        data = self._folder.messages[uid].replace(b"\n", b"\r\n")
        if most is None:
            return f"* {number} FETCH (RFC822.SIZE {len(data)} UID {uid})\r\n".encode()
        data = data[: int(most)]
        dated = '" 9-Oct-2025 12:00:00 +0000"'
        if not data:
            return f'* {number} FETCH (UID {uid} INTERNALDATE {dated} BODY[]<0> "")\r\n'.encode()
        head = f"* {number} FETCH (UID {uid} BODY[]<0> {{{len(data)}}}\r\n".encode()
        return head + data + f" INTERNALDATE {dated} FLAGS ())\r\n".encode()  # whatever order the server likes

    def _refuse(self, command: bytes) -> list[bytes]:
        self.faults.append(command.decode())
        return [b"BAD not here"]
