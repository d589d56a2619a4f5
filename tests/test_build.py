"""The composition root: files become a configuration, private state, and a service that survives a wrong file."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.build import Reloading, configure, holding, opened, prepare_state, secret_key, templates_of
from monitor.config.files import starter
from monitor.errors import ConfigError, NotFound, StateError, WorkspaceBusy
from monitor.pipeline.context import Context
from monitor.store.database import Tx
from monitor.store.sources import list_sources
from monitor.store.subscriptions import live_subscriptions

SOURCES = """version: 1
sources:
  - {id: gazette, name: Gazette, url: "https://gazette.example/feed", kind: feed}
"""
SUBSCRIBERS = """version: 1
subscribers:
  - {id: desk, name: Desk, email: desk@example.org, topics: [Interior], every: day}
  - {id: room, name: Room, webhook: "https://room.example/hook", topics: all, every: immediate}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    before = os.umask(0o022)
    write(tmp_path, "sources.yaml", SOURCES)
    write(tmp_path, "subscriptions.yaml", SUBSCRIBERS)
    yield tmp_path
    os.umask(before)


def write(folder: Path, name: str, text: str) -> None:
    """As an editor does it: a new file in the place of the old one."""
    new = folder / f".{name}.new"
    new.write_text(text)
    new.chmod(0o644)
    os.replace(new, folder / name)


def sources(tx: Tx) -> list[str]:
    return [row["id"] for row in list_sources(tx)]


def test_every_problem_of_every_file_is_told_at_once(folder: Path) -> None:
    write(folder, "sources.yaml", SOURCES.replace("kind: feed", "kind: fed"))
    write(folder, "subscriptions.yaml", SUBSCRIBERS.replace("[Interior]", "[Intrior]"))
    write(folder, ".env", "MONITOR_HOLDD=3s\n")

    with pytest.raises(ConfigError) as caught:
        configure(folder, {})

    told = {(problem.file, problem.line) for problem in caught.value.problems}
    assert told == {("sources.yaml", 3), ("subscriptions.yaml", 3), (".env", 1)}
    assert all("did you mean" in problem.message for problem in caught.value.problems)


def test_a_missing_webhook_secret_is_told_at_the_start_with_its_line(folder: Path) -> None:
    """Fault 62."""
    write(folder, "subscriptions.yaml", SUBSCRIBERS.replace("topics: all,", "topics: all, secret: 'env:ROOM',"))

    with pytest.raises(ConfigError, match=r"subscriptions.yaml:4: room: .*ROOM"):
        configure(folder, {})


def test_the_state_folder_and_all_in_it_are_private(folder: Path) -> None:
    """THREATS P3."""

    async def start() -> None:
        async with opened(configure(folder, {}), environ={}):
            pass

    import asyncio

    asyncio.run(start())

    state = folder / "state"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in state.iterdir()}
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert {"monitor.db", "secret.key"} <= set(modes)
    assert set(modes.values()) == {0o600}


def test_a_configuration_that_others_may_write_is_refused(folder: Path) -> None:
    """THREATS P3."""
    (folder / "sources.yaml").chmod(0o666)

    with pytest.raises(ConfigError, match="chmod go-w"):
        configure(folder, {})


def test_a_state_folder_that_cannot_be_made_is_an_error_of_its_own(folder: Path) -> None:
    """Fault 11: exit 73."""
    (folder / "state").write_text("a file stands where the folder should be")

    with pytest.raises(StateError) as caught:
        prepare_state(configure(folder, {}))
    assert caught.value.exit_code == 73


def test_a_second_worker_is_refused_while_the_first_holds_the_workspace(folder: Path) -> None:
    """THREATS P8: exit 75."""
    configuration = configure(folder, {})

    busy = pytest.raises(WorkspaceBusy, match=str(os.getpid()))
    with holding(configuration), busy as caught, holding(configuration):
        pass
    assert caught.value.exit_code == 75
    with holding(configuration):
        pass


def test_the_key_is_made_once_and_kept(folder: Path) -> None:
    configuration = configure(folder, {})
    prepare_state(configuration)

    first = secret_key(configuration)

    assert len(first) >= 32
    assert secret_key(configuration) == first


def test_a_key_file_that_lost_its_key_is_told_and_not_replaced(folder: Path) -> None:
    configuration = configure(folder, {})
    prepare_state(configuration)
    (configuration.state / "secret.key").write_bytes(b"")

    with pytest.raises(ConfigError, match="restore it from a backup"):
        secret_key(configuration)


def test_an_endpoint_without_a_secret_of_its_own_gets_a_stable_one(folder: Path) -> None:
    import asyncio

    async def secret() -> list[str]:
        async with opened(configure(folder, {}), environ={}) as ctx:
            with pytest.raises(NotFound):
                ctx.secrets("nobody")
            return list(ctx.secrets("room"))

    first = asyncio.run(secret())

    assert first[0].startswith("whsec_")
    assert asyncio.run(secret()) == first


def test_a_workspaces_template_stands_in_the_packaged_ones_place(folder: Path) -> None:
    (folder / "templates" / "email").mkdir(parents=True)
    (folder / "templates" / "email" / "digest.txt.j2").write_text("mine")

    templates = templates_of(folder)

    assert templates["email/digest.txt.j2"] == "mine"
    assert templates["email/digest.html.j2"] == templates_of(None)["email/digest.html.j2"]


def test_the_starter_workspace_is_valid_as_it_is(tmp_path: Path) -> None:
    for name in ("sources.yaml", "subscriptions.yaml", ".env"):
        write(tmp_path, name, starter(name))

    configure(tmp_path, {})


class TestReloading:
    """Fault 52: whatever happens to the files, a running service keeps its last good configuration."""

    @staticmethod
    async def running(ctx: Context, folder: Path) -> Reloading:
        return Reloading(ctx, configure(folder, {}))

    async def test_a_good_change_is_taken_over(self, folder: Path) -> None:
        async with opened(configure(folder, {}), environ={}) as ctx:
            reload = await self.running(ctx, folder)
            assert await reload() is False

            more = SOURCES + '  - {id: herald, name: Herald, url: "https://herald.example/feed"}\n'
            write(folder, "sources.yaml", more)

            assert await reload() is True
            assert await ctx.db.read(sources) == ["gazette", "herald"]
            assert await reload() is False

    @pytest.mark.parametrize(
        "broken", [SOURCES.replace("url:", "rul:"), SOURCES[: len(SOURCES) // 2], "", "sources: [", "\0"]
    )
    async def test_a_wrong_or_half_written_file_changes_nothing_until_it_is_mended(
        self, folder: Path, broken: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        async with opened(configure(folder, {}), environ={}) as ctx:
            reload = await self.running(ctx, folder)

            write(folder, "sources.yaml", broken)
            assert await reload() is False
            assert await ctx.db.read(sources) == ["gazette"]

            write(folder, "sources.yaml", SOURCES.replace("gazette,", "courier,"))
            assert await reload() is True
            assert await ctx.db.read(sources) == ["courier"]

    async def test_a_deleted_file_changes_nothing(self, folder: Path) -> None:
        async with opened(configure(folder, {}), environ={}) as ctx:
            reload = await self.running(ctx, folder)

            (folder / "subscriptions.yaml").unlink()

            assert await reload() is False
            live = await ctx.db.read(live_subscriptions)
            assert [each.id for each in live] == ["desk", "room"]

    async def test_a_swapped_link_is_noticed(self, folder: Path) -> None:
        other = folder / "other.yaml"
        shutil.copy(folder / "sources.yaml", other)
        other.write_text(SOURCES.replace("gazette,", "courier,"))
        async with opened(configure(folder, {}), environ={}) as ctx:
            reload = await self.running(ctx, folder)

            (folder / "link").symlink_to(other)
            os.replace(folder / "link", folder / "sources.yaml")

            assert await reload() is True
            assert await ctx.db.read(sources) == ["courier"]

    async def test_new_webhook_secrets_sign_from_then_on(self, folder: Path) -> None:
        async with opened(configure(folder, {}), environ={}) as ctx:
            reload = await self.running(ctx, folder)
            own = "whsec_" + "A" * 43 + "="
            write(folder, "subscriptions.yaml", SUBSCRIBERS.replace("topics: all,", f"topics: all, secret: {own},"))

            assert await reload() is True
            assert list(ctx.secrets("room")) == [own]


async def test_the_clock_that_is_handed_in_is_the_only_one(folder: Path) -> None:
    moment = datetime(2025, 7, 16, tzinfo=UTC)

    async with opened(configure(folder, {}), clock=lambda: moment, chance=lambda: 0.0, environ={}) as ctx:
        rows = await ctx.db.read(list_sources)

    assert rows[0]["next_poll_at"] == moment
