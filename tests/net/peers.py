"""Peers on loopback that do exactly as they are told, byte by byte."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Peer:
    """A server that runs ``talk`` for every connection. ``hits`` counts them; ``requests`` holds HTTP requests."""

    def __init__(self, talk: Talk | bytes | list[bytes], tls: ssl.SSLContext | None = None) -> None:
        self.hits = 0
        self.requests: list[bytes] = []
        self.port = 0
        self._talk = talk
        self._tls = tls
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        listening = socket.socket()
        # Small, so that a message of some megabytes cannot vanish into the kernel while nobody reads.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        listening.bind(("127.0.0.1", 0))
        self._server = await asyncio.start_server(self._serve, sock=listening, ssl=self._tls, limit=2**20)
        self.port = listening.getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.hits += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            if callable(self._talk):
                await self._talk(reader, writer)
            else:
                self.requests.append(await read_request(reader))
                answers = [self._talk] if isinstance(self._talk, bytes) else self._talk
                writer.write(answers[min(len(self.requests), len(answers)) - 1])
                await writer.drain()
        self._tasks.discard(task)
        # Not a reset: what was written must arrive even if the request was not read whole.
        if not writer.transport.is_closing():
            writer.close()

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)

    def url(self, path: str = "/", host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """One whole HTTP request, its body included."""
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            head += await reader.readexactly(int(line.partition(b":")[2]))
    return head


def answer(status: int = 200, body: bytes = b"", *fields: str, length: int | None = None) -> bytes:
    """An HTTP answer with a true Content-Length, or with the one that is given."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body) if length is None else length}", *fields, "", ""]
    return "\r\n".join(lines).encode() + body


def fields_of(request: bytes) -> dict[str, str]:
    """The header fields of a request, names in lower case."""
    lines = request.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


class SmtpPeer(Peer):
    """A mail server that answers each step from ``script``; a step it does not name is answered with a polite yes.

    Steps: greeting, EHLO, HELO, STARTTLS, AUTH, MAIL, RCPT, DATA, DOT, RSET, QUIT. An answer of ``None`` hangs up;
    ``...`` says nothing more. A list is used up one after the other, its last one staying. ``lines`` holds
    every line received, ``taken`` each message with its dots still doubled.
    """

    YES: dict[str, bytes] = {  # noqa: RUF012 - a constant
        "greeting": b"220 mail.example ESMTP\r\n",
        "EHLO": b"250-mail.example\r\n250 8BITMIME\r\n",
        "HELO": b"250 mail.example\r\n",
        "AUTH": b"235 2.7.0 welcome\r\n",
        "DATA": b"354 go ahead\r\n",
        "DOT": b"250 2.0.0 queued as 1\r\n",
        "QUIT": b"221 bye\r\n",
    }

    def __init__(self, script: dict[str, object], tls: ssl.SSLContext | None = None, implicit: bool = False) -> None:
        super().__init__(self._talk_smtp, tls if implicit else None)
        self._script = {step: list(said) if isinstance(said, list) else [said] for step, said in script.items()}
        self._upgrade = tls
        self.lines: list[bytes] = []
        self.taken: list[bytes] = []
        self.encrypted: list[bytes] = []

    async def _talk_smtp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        going = await self._say("greeting", writer)
        while going and (line := await reader.readline()):
            self.lines.append(line)
            if writer.get_extra_info("sslcontext") is not None:
                self.encrypted.append(line)
            step = line.split()[0].upper().decode("latin-1")
            going = await self._say(step, writer)
            if step == "STARTTLS" and going and self._upgrade and self._last.startswith(b"220"):
                await writer.start_tls(self._upgrade)
            if step == "DATA" and going and self._last.startswith(b"354"):
                going = await self._take(reader, writer)
            if step == "QUIT":
                going = False

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        if "BODY" in self._script and not await self._say("BODY", writer):
            return False
        body = bytearray()
        while (line := await reader.readline()) != b".\r\n":
            if not line:
                return False
            body += line
        self.taken.append(bytes(body))
        return await self._say("DOT", writer)

    async def _say(self, step: str, writer: asyncio.StreamWriter) -> bool:
        answers = self._script.get(step) or [self.YES.get(step, b"250 ok\r\n")]
        said = answers.pop(0) if len(answers) > 1 else answers[0]
        if said is None:
            writer.transport.abort()
            return False
        if said is ...:
            await asyncio.sleep(30)
        assert isinstance(said, bytes)
        self._last = said
        writer.write(said)
        await writer.drain()
        return True
