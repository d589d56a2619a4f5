"""The composition root: a workspace's files and settings become wired objects.

The only reader of the environment, of the clock and of randomness: everything below is handed what it needs.
"""

from __future__ import annotations

import base64
import functools
import getpass
import logging
import os
import random
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from monitor.config.credentials import resolve_headers, resolve_proxy
from monitor.config.files import read_text
from monitor.config.secret_refs import resolve_secrets
from monitor.config.settings import Settings, dotenv_values, load_settings
from monitor.config.sources import load_sources
from monitor.config.subscriptions import load_subscriptions
from monitor.config.vocabulary import load_vocabulary, packaged_vocabulary
from monitor.core.render import Renderer
from monitor.core.signature import derive_secret
from monitor.errors import ConfigError, NotFound, Problem, StateError
from monitor.jail.jail import Jail
from monitor.model.source import Proxy, Source
from monitor.model.subscription import Subscription
from monitor.model.vocabulary import Vocabulary
from monitor.net.browser import Browser
from monitor.net.browser_process import find_program
from monitor.net.client import Fetcher
from monitor.net.guard import Guard
from monitor.net.mail import MaildirRoute, SmtpRoute
from monitor.net.mailbox import Documents, Mailboxes
from monitor.net.maildir import Maildir
from monitor.net.robots import Robots
from monitor.net.smtp import SmtpRelay, parse_smtp_url
from monitor.net.webhook import WebhookClient
from monitor.pipeline.context import Context, MailRoute, log
from monitor.pipeline.matching import Matching
from monitor.store.database import Database, Tx, check_integrity
from monitor.store.lock import held
from monitor.store.sources import sync_sources
from monitor.store.subscriptions import sync_subscriptions
from monitor.store.upgrade import upgrade

T = TypeVar("T")
Clock = Callable[[], datetime]
_PACKAGED = Path(__file__).parent / "templates"  # in an installed package; in a checkout they stand beside it
TEMPLATES = _PACKAGED if _PACKAGED.is_dir() else Path(__file__).parent.parent / "templates"


def wall_clock() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251  the one place that reads the clock


def environment() -> dict[str, str]:
    """The process's environment."""
    return dict(os.environ)  # noqa: TID251  the one place that reads the environment


def actor() -> str:
    """Who is at the command line, for the history."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


@dataclass(frozen=True, slots=True)
class Configuration:
    """A workspace's files, read and checked. ``signing`` are the configured webhook secrets by
    subscription, ``credentials`` the headers of each source, ``proxies`` what its requests go through."""

    folder: Path
    settings: Settings
    vocabulary: Vocabulary
    sources: tuple[Source, ...]
    subscriptions: tuple[Subscription, ...]
    signing: Mapping[str, tuple[str, ...]] = field(repr=False)
    credentials: Mapping[str, Mapping[str, str]] = field(repr=False)
    proxies: Mapping[str, Proxy | None]

    @property
    def state(self) -> Path:
        """The folder of everything that the service itself writes."""
        return self.folder / "state"


class _Problems:
    """Gathers what is wrong with several files, so that all of it is told at once."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def past(self, read: Callable[[], T]) -> T | None:
        """What ``read`` gives; None where the configuration is wrong, which is noted."""
        try:
            return read()
        except ConfigError as error:
            self.found.extend(error.problems)
            return None


def configure(folder: Path, environ: Mapping[str, str] | None = None) -> Configuration:
    """Read and check the workspace's files; ConfigError with every problem of every file."""
    environ = environment() if environ is None else environ
    problems = _Problems()
    dotenv = problems.past(lambda: _optional(folder / ".env"))
    settings = problems.past(lambda: load_settings(environ, dotenv))
    vocabulary = problems.past(lambda: _vocabulary(folder)) or packaged_vocabulary()
    sources = problems.past(lambda: _sources(folder, vocabulary)) or ()
    subscriptions = problems.past(lambda: _subscriptions(folder, vocabulary)) or ()
    known = {**dotenv_values(dotenv or ""), **environ}
    signing = {
        each.id: problems.past(functools.partial(resolve_secrets, each, known, folder)) or () for each in subscriptions
    }
    credentials = {
        each.id: problems.past(functools.partial(resolve_headers, each, known, folder)) or {} for each in sources
    }
    proxies = {each.id: problems.past(functools.partial(resolve_proxy, each, known, folder)) for each in sources}
    if problems.found or settings is None:
        raise ConfigError(problems.found)
    return Configuration(folder, settings, vocabulary, sources, subscriptions, signing, credentials, proxies)


def _optional(path: Path) -> str | None:
    return read_text(path) if path.exists() else None


def _vocabulary(folder: Path) -> Vocabulary:
    text = _optional(folder / "vocabulary.yaml")
    return packaged_vocabulary() if text is None else load_vocabulary(text, "vocabulary.yaml")


def _sources(folder: Path, vocabulary: Vocabulary) -> tuple[Source, ...]:
    return load_sources(read_text(folder / "sources.yaml"), "sources.yaml", vocabulary)


def _subscriptions(folder: Path, vocabulary: Vocabulary) -> tuple[Subscription, ...]:
    return load_subscriptions(read_text(folder / "subscriptions.yaml"), "subscriptions.yaml", vocabulary)


def templates_of(folder: Path | None) -> dict[str, str]:
    """The packaged templates by name ("email/digest.txt.j2"); a workspace's own stand in their place."""
    roots = [TEMPLATES] if folder is None else [TEMPLATES, folder / "templates"]
    return {str(path.relative_to(root)): _template(path) for root in roots for path in sorted(root.rglob("*.j2"))}


def _template(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(Problem(str(path), None, f"cannot be read as UTF-8 text: {error}")) from None


def prepare_state(configuration: Configuration) -> None:
    """Make the state folder, private to its owner (THREATS P3); StateError (exit 73) where that cannot be."""
    os.umask(0o077)
    try:
        configuration.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        configuration.state.chmod(0o700)
        probe = configuration.state / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise StateError(f"{configuration.state}: {error.strerror}; check the folder's owner and mode") from error


def secret_key(configuration: Configuration) -> bytes:
    """The workspace's key: MONITOR_SECRET_KEY, else ``state/secret.key``, made at the first start."""
    if configuration.settings.secret_key:
        return configuration.settings.secret_key[0].get_secret_value().encode()
    path = configuration.state / "secret.key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _stored_key(path)
    with os.fdopen(handle, "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(32)))
        file.flush()
        os.fsync(file.fileno())
    return _stored_key(path)


def _stored_key(path: Path) -> bytes:
    key = path.read_bytes().strip()
    if len(key) < 32:
        words = "holds no key of at least 32 characters: restore it from a backup, or remove the file to make a new one"
        raise ConfigError(Problem(str(path), None, words))
    return key


@contextmanager
def opened_database(configuration: Configuration) -> Iterator[Database]:
    """The workspace's database, checked and brought to this code's schema."""
    prepare_state(configuration)
    database = Database(configuration.settings.database_url.get_secret_value(), folder=configuration.folder)
    try:
        if database.path is not None:
            check_integrity(database.path)
        upgrade(database)
        yield database
    finally:
        database.close()


def browser_program(settings: Settings) -> str | None:
    """The Chromium that shows pages: MONITOR_BROWSER, else the first that is installed; None where there is none."""
    return find_program(settings.browser, environment().get("PATH"))


def holding(configuration: Configuration) -> AbstractContextManager[None]:
    """Hold the workspace as its worker: on SQLite one process at a time may (exit 75), on PostgreSQL any number."""
    prepare_state(configuration)
    if configuration.settings.database_url.get_secret_value().startswith("sqlite:"):
        return held(configuration.state / "worker.lock")
    return nullcontext()


class InForce(Generic[T]):
    """What the configuration in force says of an id; ``configuration`` is replaced when the files are read again."""

    def __init__(self, configuration: Configuration, find: Callable[[Configuration, str], T]) -> None:
        self.configuration = configuration
        self._find = find

    def __call__(self, id: str) -> T:
        """What is said of a source's or a subscription's id."""
        return self._find(self.configuration, id)


def _signing(key: bytes, configuration: Configuration, subscription_id: str) -> Sequence[str]:
    """The secrets of a subscription: those configured, else the one derived from the workspace's key."""
    if subscription_id not in configuration.signing:
        raise NotFound(f"subscription {subscription_id} is not in subscriptions.yaml")
    return configuration.signing[subscription_id] or (derive_secret(key, subscription_id),)


@asynccontextmanager
async def opened(
    configuration: Configuration,
    *,
    clock: Clock = wall_clock,
    chance: Callable[[], float] = random.random,
    environ: Mapping[str, str] | None = None,
) -> AsyncIterator[Context]:
    """A wired context on the workspace's database, whose rows say what the files say."""
    settings = configuration.settings
    with opened_database(configuration) as db:
        key = secret_key(configuration)
        guard = Guard(settings.allow_networks, settings.allow_ports)
        # Mail servers are the operator's own, wherever they stand: still resolved once, and dialled by that address.
        mailboxes = Mailboxes(configuration.folder, Guard([ip_network("0.0.0.0/0"), ip_network("::/0")]))
        browser = Browser(
            guard,
            settings.user_agent,
            program=browser_program(settings),
            clock=clock,
            new_password=lambda: secrets.token_urlsafe(32),
        )
        fetcher = Documents(Fetcher(guard, settings.user_agent, clock=clock), mailboxes)
        jail = Jail(vocabulary=configuration.vocabulary)
        webhooks = WebhookClient(guard, settings.user_agent, clock=clock)
        packaged = Renderer(templates_of(None))
        ctx = Context(
            settings=settings,
            db=db,
            vocabulary=configuration.vocabulary,
            renderer=Renderer(templates_of(configuration.folder)),
            packaged_renderer=packaged,
            matching=Matching(db, configuration.vocabulary),
            fetcher=fetcher,
            browser=browser,
            robots=Robots(fetcher, settings.user_agent, clock),
            reader=jail,
            webhooks=webhooks,
            mail=_mail_route(configuration),
            key=key,
            secrets=InForce(configuration, functools.partial(_signing, key)),
            credentials=InForce(configuration, lambda now, source_id: now.credentials.get(source_id, {})),
            proxies=InForce(configuration, lambda now, source_id: now.proxies.get(source_id)),
            clock=clock,
            chance=chance,
            new_id=lambda prefix: f"{prefix}_{secrets.token_hex(12)}",
            crashpoint=_crashpoint(environment() if environ is None else environ),
        )
        try:
            await apply(ctx, configuration)
            yield ctx
        finally:
            await jail.aclose()
            await browser.aclose()
            await fetcher.aclose()
            await webhooks.aclose()


async def apply(ctx: Context, configuration: Configuration) -> int:
    """Make the database and the context say what the files say; the number of sources and subscriptions changed."""
    for holder in (ctx.secrets, ctx.credentials, ctx.proxies):
        if isinstance(holder, InForce):
            holder.configuration = configuration

    def work(tx: Tx) -> int:
        now = ctx.clock()
        changed = sync_sources(tx, configuration.sources, now=now, chance=ctx.chance)
        return changed + sync_subscriptions(tx, configuration.subscriptions, now=now)

    return await ctx.db.write(work)


class Reloading:
    """Reads the files again when one of them changed; a wrong one is reported and the last good state stays."""

    FILES = ("sources.yaml", "subscriptions.yaml", ".env")

    def __init__(self, ctx: Context, configuration: Configuration) -> None:
        self._ctx = ctx
        self._folder = configuration.folder
        self._settings = configuration.settings
        self._seen = self._marks()

    async def __call__(self) -> bool:
        """Whether the files had changed and were taken over."""
        marks = self._marks()
        if marks == self._seen:
            return False
        self._seen = marks
        try:
            configuration = configure(self._folder)
        except ConfigError as error:
            for problem in error.problems:
                log.error("config_rejected", file=problem.file, line=problem.line, problem=problem.message)
            return False
        if configuration.settings != self._settings:
            log.warning("config_needs_restart", file=".env", why="settings are read at the start only")
        self._ctx.crashpoint("config.reload")
        changed = await apply(self._ctx, configuration)
        log.info("config_reloaded", changed=changed)
        return True

    def _marks(self) -> list[tuple[int, int, int] | None]:
        return [_mark(self._folder / name) for name in self.FILES]


def _mark(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _mail_route(configuration: Configuration) -> MailRoute:
    url = configuration.settings.smtp_url.get_secret_value()
    if url.startswith("maildir:"):
        return MaildirRoute(Maildir(configuration.folder / url.removeprefix("maildir:")))
    try:
        address = parse_smtp_url(url)
    except ValueError as error:
        raise ConfigError(Problem("MONITOR_SMTP_URL", None, str(error))) from None
    return SmtpRoute(SmtpRelay(address, local_hostname=os.uname().nodename or "localhost"))


def _crashpoint(environ: Mapping[str, str]) -> Callable[[str], None]:
    """In tests of crashes (MONITOR_TEST=1): SIGKILL at the n-th visit of MONITOR_CRASH_AT=name[:n]. Else inert."""
    wanted, _, number = environ.get("MONITOR_CRASH_AT", "").partition(":")
    if environ.get("MONITOR_TEST") != "1" or not wanted:
        return lambda name: None
    visits = iter(range(int(number or 1) - 1, -1, -1))

    def reached(name: str) -> None:
        if name == wanted and next(visits) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return reached


def start_logging(form: str, *, least: int = logging.INFO) -> None:
    """Log what is ``least`` or worse to stderr, one line an event, controls escaped (THREATS P2)."""
    renderer: structlog.typing.Processor
    if form == "json":
        renderer = structlog.processors.JSONRenderer()
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _one_line,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # as it is when something is said
    )


def _one_line(logger: object, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for name, value in event.items():
        if isinstance(value, str) and not value.isprintable():
            event[name] = "".join(char if char.isprintable() else repr(char)[1:-1] for char in value)
    return event
