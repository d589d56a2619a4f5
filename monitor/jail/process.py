"""One child as its parent sees it: started, asked, and killed where it does not answer as it should."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import cast

from monitor.jail import answers, wire

_ROOT = Path(__file__).parents[2]
# The parent's own code, whatever other version is installed; but behind the standard library, which it must not shadow.
_SERVE = """
import sys
path = sys.path
path.insert(next((place for place, folder in enumerate(path) if "-packages" in folder), len(path)), sys.argv[1])
from monitor.jail.child import serve
serve(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
"""
_START_WITHIN = 30.0  # seconds: 0.3 on an idle machine
_GREETING = 4_096  # bytes
_GRACE = 0.5  # seconds between the end of a child's pipe and its own


class ChildDied(Exception):
    """The child ended, was killed or answered what no child of ours answers. ``status`` is negative for a signal."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class _Wire(asyncio.SubprocessProtocol):
    """Gathers one message at a time from the child. (asyncio's stream readers cost 0.2 ms a message more.)"""

    def __init__(self) -> None:
        self.ended = asyncio.get_running_loop().create_future()  # done when the process is gone
        self.closed = False
        self._message: asyncio.Future[bytes] | None = None
        self._most = 0
        self._buffer = bytearray()

    def expect(self, most: int) -> asyncio.Future[bytes]:
        """The next message of at most so many bytes; EOFError where none comes, Distrusted where it is longer."""
        self._most = most
        self._message = asyncio.get_running_loop().create_future()
        if self.closed:
            self._message.set_exception(EOFError())
        elif self._buffer:
            self._take()
        return self._message

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._buffer += data
        self._take()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self.closed = True
        self._conclude(EOFError())

    def process_exited(self) -> None:
        self.closed = True
        if not self.ended.done():
            self.ended.set_result(None)

    def _take(self) -> None:
        if len(self._buffer) < wire.LENGTH:
            return
        end = wire.LENGTH + int.from_bytes(self._buffer[: wire.LENGTH], "big")
        if end - wire.LENGTH > self._most or len(self._buffer) > end:  # too much, unasked, or more than it announced
            self._buffer.clear()
            self.closed = True
            self._conclude(answers.Distrusted(f"it answers {end:,} bytes or more"))
        elif len(self._buffer) == end:
            message = bytes(self._buffer[wire.LENGTH :])
            self._buffer.clear()
            self._conclude(message)

    def _conclude(self, outcome: bytes | Exception) -> None:
        waiting, self._message = self._message, None
        self._most = 0
        if waiting is None or waiting.done():
            return
        if isinstance(outcome, Exception):
            waiting.set_exception(outcome)
        else:
            waiting.set_result(outcome)


class Child:
    """A confined process that reads one document at a time. Make it with ``started``."""

    def __init__(self, transport: asyncio.SubprocessTransport, line: _Wire) -> None:
        self._transport = transport
        self._line = line
        self._requests = cast(asyncio.WriteTransport, transport.get_pipe_transport(0))  # uvloop's is no subclass of it
        self.network = True

    @classmethod
    async def started(cls, reader: str, memory: int) -> Child:
        """A child that is ready to read with ``reader`` ("module:function"). Raises ChildDied, OSError or TimeoutError.

        Isolated (-I): no PYTHON* variables, no user's packages, no current folder. Its environment is empty.
        """
        transport, line = await asyncio.get_running_loop().subprocess_exec(
            _Wire, sys.executable, "-I", "-B", "-X", "utf8", "-c", _SERVE,
            str(_ROOT), reader, str(os.getpid()), str(memory),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}, cwd="/",
        )  # fmt: skip
        child = cls(transport, line)
        try:
            async with asyncio.timeout(_START_WITHIN):
                child.network = answers.unpack_hello(await child._answer(_GREETING))
        except answers.Distrusted as error:
            raise ChildDied(await child.end(), str(error)) from None
        except BaseException:
            await child.end()
            raise
        return child

    @property
    def alive(self) -> bool:
        """Whether the child can still be asked, as far as is known."""
        return not self._line.closed

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._transport.get_pid()

    async def ask(self, request: wire.Request) -> answers.Answer:
        """The child's answer. Raises ChildDied, and the child is gone; cancelled, it leaves a child to be ended."""
        message = wire.pack_request(request)
        self._requests.writelines((len(message).to_bytes(wire.LENGTH, "big"), message))
        answer = await self._answer(wire.allowed(request.fetched.body))
        try:
            taken = answers.Answer(answer)
            for _ in taken.steps():
                await asyncio.sleep(0)
        except answers.Distrusted as error:
            raise ChildDied(await self.end(), f"its answer is wrong: {error}") from None
        return taken

    async def end(self) -> int:
        """Kill the child if it lives, and return its exit status: its own where it had one, -9 where it was killed."""
        if self._transport.get_returncode() is None:
            with suppress(ProcessLookupError):
                self._transport.kill()
        return await self._buried()

    async def _answer(self, most: int) -> bytes:
        try:
            return await self._line.expect(most)
        except EOFError:
            pass
        except answers.Distrusted as error:
            raise ChildDied(await self.end(), str(error)) from None
        try:
            async with asyncio.timeout(_GRACE):
                status = await self._buried()
        except TimeoutError:  # it closed its pipe and lives on
            status = await self.end()
        raise ChildDied(status, "it ended before it had answered")

    async def _buried(self) -> int:
        await asyncio.shield(self._line.ended)
        self._transport.close()
        status = self._transport.get_returncode()
        return 0 if status is None else status
