"""Documents without end: what a fetch may hold of them (THREATS F3), and the canary on the metadata address (F7)."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import textwrap
import zlib
from pathlib import Path

import pytest

from monitor.model.source import FetchFailed, PollError
from monitor.net.client import Fetcher
from tests.net.conftest import Serve
from tests.net.peers import read_request

ROOT = Path(__file__).parents[2]
MEBIBYTE = 2**20


def peak() -> int:
    """The most memory that this process held since ``forget_peak``, in bytes."""
    return 1024 * int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[0])


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def deflated_forever(wbits: int) -> tuple[bytes, bytes]:
    """The head of a compressed document, and a piece of 1 kB that stands for 1 MiB and may follow any number of times.

    Flushed in full, so that no piece refers to another.
    """
    pack = zlib.compressobj(9, zlib.DEFLATED, wbits)
    head = pack.compress(b"<rss>") + pack.flush(zlib.Z_FULL_FLUSH)
    return head, pack.compress(bytes(MEBIBYTE)) + pack.flush(zlib.Z_FULL_FLUSH)


ENDLESS = {
    "identity": ("", (b"<rss>", bytes(65536)), PollError.TOO_LARGE),
    "gzip": ("gzip", deflated_forever(zlib.MAX_WBITS | 16), PollError.TOO_LARGE),
    "deflate": ("deflate", deflated_forever(zlib.MAX_WBITS), PollError.TOO_LARGE),
    "bare deflate": ("deflate", deflated_forever(-zlib.MAX_WBITS), PollError.TOO_LARGE),
    "br": ("br", (b"\x0b\x02\x80<rss>\x03", bytes(65536)), PollError.BAD_ENCODING),
    "zstd": ("zstd", (b"\x28\xb5\x2f\xfd", bytes(65536)), PollError.BAD_ENCODING),
}


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux's count of a process's memory")
@pytest.mark.parametrize(("encoding", "pieces", "error"), ENDLESS.values(), ids=ENDLESS)
async def test_F3_a_body_without_end_is_aborted_and_takes_less_than_64_mebibytes(
    serve: Serve, fetcher: Fetcher, encoding: str, pieces: tuple[bytes, bytes], error: PollError
) -> None:
    sent = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await read_request(reader)
        said = f"Content-Encoding: {encoding}\r\n" if encoding else ""
        writer.write(f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{said}\r\n".encode())
        head, piece = pieces
        writer.write(b"%x\r\n%b\r\n" % (len(head), head))
        while True:
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
            sent += len(piece)

    peer = await serve(talk)
    forget_peak()
    before = peak()

    result = await fetcher.fetch(peer.url())

    assert isinstance(result, FetchFailed)
    assert result.error is error
    assert peak() - before < 64 * MEBIBYTE
    assert sent < 32 * MEBIBYTE  # nobody goes on reading


CANARY = """
import asyncio, sys
from datetime import UTC, datetime
from monitor.model.source import FetchFailed, PollError
from monitor.net.client import Fetcher
from monitor.net.guard import Guard

ADDRESSES = ["169.254.169.254", "100.100.100.200", "168.63.129.16", "10.0.0.1", "[fd00:ec2::254]"]
hits = 0

def hit(reader, writer):
    global hits
    hits += 1
    writer.close()

async def main():
    servers = [await asyncio.start_server(hit, host.strip("[]"), 80) for host in ADDRESSES]
    async def resolver(host, port):
        return [ADDRESSES[int(host.split(".")[0][1:])].strip("[]")]
    fetcher = Fetcher(Guard(resolver=resolver), "test", clock=lambda: datetime(2025, 10, 9, tzinfo=UTC))
    names = [f"n{number}.example" for number in range(len(ADDRESSES))]
    results = [await fetcher.fetch(f"http://{host}/latest/meta-data/") for host in (*ADDRESSES, *names)]
    assert all(isinstance(each, FetchFailed) and each.error is PollError.BLOCKED_ADDRESS for each in results), results
    reader, writer = await asyncio.open_connection(ADDRESSES[0], 80)  # the canary itself can be reached
    await reader.read()
    writer.close()
    print("hits", hits)

asyncio.run(main())
"""
ADDRESSES = ("169.254.169.254/32", "100.100.100.200/32", "168.63.129.16/32", "10.0.0.1/32", "fd00:ec2::254/128")


def has_network_of_its_own() -> bool:
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        return False
    return subprocess.run(["unshare", "-rn", "ip", "link", "set", "lo", "up"], capture_output=True).returncode == 0


def test_F7_the_metadata_addresses_get_no_connection_although_they_answer() -> None:
    if not has_network_of_its_own():
        pytest.skip("needs `unshare -rn` and `ip` (apt-get install util-linux iproute2), and a kernel that allows it")
    setup = "; ".join(
        f"ip addr add {address} dev lo nodad 2>/dev/null || ip addr add {address} dev lo" for address in ADDRESSES
    )
    command = f"ip link set lo up; {setup}; exec '{sys.executable}' -c '{textwrap.dedent(CANARY)}'"

    done = subprocess.run(["unshare", "-rn", "sh", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=30)

    assert (done.returncode, done.stdout) == (0, "hits 1\n"), done.stderr
