"""The jail: a few children that read documents in turn, whatever becomes of one of them."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from datetime import datetime

from monitor.core.read.pdf import is_pdf
from monitor.core.read.skim import Skimmed
from monitor.jail import answers, wire
from monitor.jail.confine import MEMORY
from monitor.jail.process import Child, ChildDied
from monitor.model.source import Fetched, PollError, ReadFailed, ReadResult, Source, SourceKind
from monitor.model.vocabulary import Vocabulary

_PATIENCE = 4  # times the processor time: a document may be read on a busy machine, but not for ever


_GIVING_UP = (signal.SIGABRT, signal.SIGILL, signal.SIGTRAP)  # PDFium ends its process where it gets no memory


class Jail:
    """Reads documents in ``children`` confined processes, which start when they are first needed and are kept.

    ``cpu`` and ``pdf_cpu``: seconds of processor time that a document, or a PDF, may take. ``memory``: bytes that a
    child may take above what it starts with. ``reader``: what the children call, "module:function". ``vocabulary``: the
    labels by which pages of trackers are known; without it they cannot be read.
    """

    def __init__(
        self,
        reader: str = "monitor.core.read.skim:skim",
        *,
        children: int = 2,
        cpu: float = 5.0,
        pdf_cpu: float = 10.0,
        memory: int = MEMORY,
        vocabulary: Vocabulary | None = None,
        patience: float = _PATIENCE,
    ) -> None:
        self._reader = reader
        self._cpu = cpu
        self._pdf_cpu = pdf_cpu
        self._memory = memory
        self._vocabulary = vocabulary
        self._patience = patience
        self._children = children
        self._places = asyncio.Semaphore(children)
        self._idle: list[Child] = []
        self._busy: set[Child] = set()
        self._closed = False
        self.network: bool | None = None
        """Whether the children can reach the network; None while none has started."""

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the children that live, the idle ones first."""
        return tuple(child.pid for child in (*self._idle, *self._busy))

    async def read(self, fetched: Fetched, source: Source, now: datetime) -> ReadResult:
        """What the whole document holds for its source, as ``skim`` reads it."""
        return (await self.skim(fetched, source, now, {}, whole=True)).result

    async def skim(
        self, fetched: Fetched, source: Source, now: datetime, known: Mapping[str, str], *, whole: bool = False
    ) -> Skimmed:
        """``core.read.skim.skim`` in a child. A document that kills its child has failed, and nothing else.

        Waits for a free child. PARSE_TIMEOUT (PDF_LIMIT where it is a PDF) above the limits of time or memory, INTERNAL
        where the reader crashed.
        """
        pdf = is_pdf(fetched.body)
        vocabulary = self._vocabulary if source.kind is SourceKind.TRACKER else None
        cpu = self._pdf_cpu if pdf else self._cpu
        request = wire.Request(fetched, source, now, known, whole, cpu, vocabulary)
        async with self._places:
            try:
                child = await self._child()
            except (ChildDied, OSError, TimeoutError) as error:
                return _failed(PollError.INTERNAL, f"no process to read documents in could be started: {error}")
            self._busy.add(child)
            try:
                return await self._ask(child, request, PollError.PDF_LIMIT if pdf else PollError.PARSE_TIMEOUT)
            finally:
                self._busy.discard(child)

    async def aclose(self) -> None:
        """Kill the children. What one of them is reading fails."""
        self._closed = True
        for child in (*self._idle, *self._busy):
            await child.end()
        self._idle.clear()
        for _ in range(self._children):  # whoever was about to read has found out
            await self._places.acquire()
        for _ in range(self._children):
            self._places.release()

    async def _child(self) -> Child:
        while self._idle:
            child = self._idle.pop()  # the last one used: the second starts only when two documents wait
            if child.alive:
                return child
            await child.end()
        if self._closed:
            raise ChildDied(0, "the service is stopping")
        child = await Child.started(self._reader, self._memory)
        if self._closed:
            raise ChildDied(await child.end(), "the service is stopping")
        self.network = child.network
        return child

    async def _ask(self, child: Child, request: wire.Request, limit: PollError) -> Skimmed:
        try:
            async with asyncio.timeout(request.cpu * self._patience):
                answer = await child.ask(request)
            skimmed = answer.skimmed()
        except answers.Distrusted as error:
            await child.end()
            return _failed(PollError.INTERNAL, f"the reader was taken over by the document: {error}")
        except ChildDied as died:
            return self._epitaph(died, request, limit)
        except TimeoutError:
            await child.end()
            return _failed(limit, f"not read within {request.cpu * self._patience:g} s")
        except BaseException:  # cancelled in the middle of an answer
            await child.end()
            raise
        if answer.spent or self._closed:
            await child.end()
        else:
            self._idle.append(child)
        return skimmed

    def _epitaph(self, died: ChildDied, request: wire.Request, limit: PollError) -> Skimmed:
        if died.status in (-signal.SIGPROF, -signal.SIGXCPU):
            return _failed(limit, f"not read within {request.cpu:g} s of processor time")
        if died.status == wire.OUT_OF_MEMORY:
            return _failed(limit, f"not read within {self._memory >> 20} MiB of memory")
        if limit is PollError.PDF_LIMIT and -died.status in _GIVING_UP:
            detail = f"the PDF's reader gave up, as it does where {self._memory >> 20} MiB of memory do not suffice"
            return _failed(limit, detail)
        end = signal.Signals(-died.status).name if died.status < 0 else f"exit status {died.status}"
        return _failed(PollError.INTERNAL, f"the process that read the document was lost ({end}): {died}")


def _failed(error: PollError, detail: str) -> Skimmed:
    return Skimmed(ReadFailed(error, detail))
