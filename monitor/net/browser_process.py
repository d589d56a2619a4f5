"""The installed Chromium as a process: how it is found, started with one way out alone, and ended for certain.

Playwright, which drives it, is the extra ``browser`` and is imported only where a browser is started.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shlex
import shutil
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Browser as Driven
    from playwright.async_api import Playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
END_TIMEOUT = 5.0
MEMORY = 1536 * 2**20  # bytes of data of each of its processes (RLIMIT_DATA): a tab that wants more gets none
SCRIPT_MEMORY = 512  # MiB of a page's script objects

# Playwright's own flags switch off background networking, component updates, sync, extensions, crash reports, pings.
FLAGS = (
    "--disable-quic",  # UDP, which no proxy carries
    "--dns-prefetch-disable",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # no name and no address but the proxy's is dialled
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-domain-reliability",
    "--disable-3d-apis",
    "--disable-gpu",
    "--no-pings",
    f"--js-flags=--max-old-space-size={SCRIPT_MEMORY}",
)


def find_program(stated: str, path: str | None) -> str | None:
    """The Chromium to run: the one ``stated`` (MONITOR_BROWSER), else the first one found in ``path``; None: none."""
    if stated:
        return shutil.which(stated)
    return next((found for name in PROGRAMS if (found := shutil.which(name, path=path or os.defpath))), None)


def what_is_missing(program: str | None, stated: str = "") -> str | None:
    """What has to be installed before a page can be rendered; None where nothing is missing."""
    if importlib.util.find_spec("playwright") is None:
        return "Playwright is not installed: pip install 'policy-monitor[browser]'"
    if program is None and stated:
        return f"MONITOR_BROWSER names {stated}, which is no program that can be run"
    if program is None:
        return "no Chromium is installed: apt-get install chromium, or set MONITOR_BROWSER to its path"
    return None


@dataclass(slots=True)
class BrowserProcess:
    """A running Chromium. ``documents`` counts those that it has shown."""

    browser: Driven
    _playwright: Playwright
    _folder: TemporaryDirectory[str]
    documents: int = 0
    _ended: bool = field(default=False)

    @classmethod
    async def start(cls, program: str, proxy: str) -> BrowserProcess:
        """Start ``program`` with ``proxy`` (an address) as its only way out. Raises playwright's Error, OSError.

        The caller bounds the time. As root it runs without its own sandbox, which it would refuse to start with.
        """
        from playwright.async_api import async_playwright

        folder = TemporaryDirectory(prefix="monitor-browser-", ignore_cleanup_errors=True)
        driver = async_playwright()
        try:
            playwright = await driver.start()
            browser = await playwright.chromium.launch(
                executable_path=_limited(program, Path(folder.name)),
                args=list(FLAGS),
                ignore_default_args=["--disable-popup-blocking"],
                chromium_sandbox=os.geteuid() != 0,
                env={"PATH": os.defpath, "HOME": folder.name, "TMPDIR": folder.name, "LANG": "C.UTF-8"},
                proxy={"server": proxy, "bypass": "<-loopback>"},
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
            )
        except BaseException:
            _kill(Path(folder.name))
            await driver.__aexit__()  # ends a driver that was interrupted while it started, too
            folder.cleanup()
            raise
        return cls(browser, playwright, folder)

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked for a further document."""
        return not self._ended and self.browser.is_connected()

    def kill(self) -> None:
        """End it at once, whatever it is doing."""
        self._ended = True
        _kill(Path(self._folder.name))

    async def aclose(self) -> None:
        """End it, in peace or by force."""
        self._ended = True
        from playwright.async_api import Error

        if self.browser.is_connected():
            with suppress(TimeoutError, Error):
                async with asyncio.timeout(END_TIMEOUT):
                    await self.browser.close()
        self.kill()
        with suppress(TimeoutError, Error):
            async with asyncio.timeout(END_TIMEOUT):
                await self._playwright.stop()
        self._folder.cleanup()


def _limited(program: str, folder: Path) -> Path:
    """A script that starts ``program`` with a bound on its memory, and says which process it became."""
    script = folder / "chromium"
    lines = (
        "#!/bin/sh",
        f"ulimit -c 0; ulimit -d {MEMORY // 1024}",
        f"echo $$ > {shlex.quote(str(folder / 'pid'))}",
        f'exec {shlex.quote(program)} "$@"',
    )
    script.write_text("\n".join(lines) + "\n")
    script.chmod(0o700)
    return script


def _kill(folder: Path) -> None:
    """Kill the process that the script became, and its children: playwright gives it a group of its own."""
    with suppress(OSError, ValueError):
        pid = int((folder / "pid").read_text())
        (folder / "pid").unlink()  # never twice: the number may be another's by then
        if os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
