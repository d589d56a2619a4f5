"""``doctor`` and ``sources export-warc``, on a workspace whose archive is whole, and on one where it is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import warcio.archiveiterator
from sqlalchemy import delete, select, update

from monitor.store import schema as s
from monitor.store.archive_tables import blob
from monitor.store.database import Tx
from tests.cli.conftest import NEWS, OTHER, Monitor, Newsroom, sources_yaml


@pytest.fixture
def polled(tracked: Monitor, newsroom: Newsroom) -> Monitor:
    """Two snapshots of one feed."""
    source = f"id: outlet, name: The Outlet, url: '{newsroom.url}/feed', kind: feed, article: never"
    tracked.write("sources.yaml", sources_yaml(source))
    newsroom.feed(OTHER)
    tracked("poll", "--all")
    newsroom.feed(NEWS, OTHER)
    tracked("poll", "--all")
    return tracked


def test_a_whole_archive_is_said_to_be_so(polled: Monitor) -> None:
    told = polled("doctor", "--verify-archive", "--json").json

    assert told["ok"] is True
    archive = told["archive"]
    assert (archive["snapshots"], archive["faults"], len(archive["head"])) == (2, [], 64)
    assert archive["blobs"] >= 2
    assert "as it was stored" in polled("doctor", "--verify-archive").stdout


def test_without_the_option_the_archive_is_not_read(polled: Monitor) -> None:
    assert polled("doctor", "--json").json["archive"] is None


def flip(tx: Tx) -> None:
    sha256 = tx.execute(select(s.snapshot.c.sha256).where(s.snapshot.c.place == 2)).scalar_one()
    content = bytearray(tx.execute(select(blob.c.content).where(blob.c.sha256 == sha256)).scalar_one())
    content[40] ^= 1
    tx.execute(update(blob).where(blob.c.sha256 == sha256).values(content=bytes(content)))


def rewrite(tx: Tx) -> None:
    tx.execute(update(s.snapshot).where(s.snapshot.c.place == 2).values(headers={"content-type": "text/plain"}))


@pytest.mark.parametrize(("harm", "kind"), [(flip, "bytes altered"), (rewrite, "altered")])
def test_what_was_altered_is_named_and_ends_with_76(polled: Monitor, harm: Callable[[Tx], None], kind: str) -> None:
    polled.stored(harm)

    told = polled("doctor", "--verify-archive", "--json", code=76).json

    (fault,) = told["archive"]["faults"]
    snapshot = polled.stored(lambda tx: tx.execute(select(s.snapshot).where(s.snapshot.c.place == 2)).mappings().one())
    assert (fault["kind"], fault["source_id"], fault["snapshot"]) == (kind, "outlet", snapshot["id"])
    text = polled("doctor", "--verify-archive", code=76).stdout
    assert f"source outlet, snapshot {snapshot['id']} of {snapshot['at']:%Y-%m-%dT%H:%M:%SZ}" in text


def test_a_failing_source_is_explained_with_what_to_do(polled: Monitor, newsroom: Newsroom) -> None:
    newsroom.documents.clear()
    for _ in range(3):
        polled("poll", "--all")

    told = polled("doctor", "--json", code=1).json

    (found,) = [each for each in told["findings"] if each["about"] == "source outlet"]
    assert (found["level"], "HTTP 404" in found["message"]) == ("error", True)
    assert "monitor sources test" in found["advice"]


def test_a_wrong_configuration_ends_with_78(monitor: Monitor) -> None:
    (monitor.folder / "sources.yaml").write_text("version: 1\nsources: [{id: x, name: X}]\n")

    told = monitor("doctor", "--json", code=78).json

    assert (told["ok"], told["findings"][0]["about"].startswith("sources.yaml:2")) == (False, True)


def test_the_archive_is_exported_as_it_came(polled: Monitor, newsroom: Newsroom) -> None:
    file = polled.folder / "evidence.warc.gz"

    report = polled("sources", "export-warc", "--source", "outlet", file, "--json").json

    assert report == {"written": 2, "without_bytes": 0, "damaged": 0}
    with file.open("rb") as stream:
        records = [
            (each.rec_type, each.rec_headers.get_header("WARC-Target-URI"), each.content_stream().read())
            for each in warcio.archiveiterator.ArchiveIterator(stream, check_digests="raise")
        ]
    assert [kind for kind, _, _ in records] == ["warcinfo", "response", "response"]
    assert records[2][1:] == (f"{newsroom.url}/feed", newsroom.documents["/feed"][1])


def test_only_what_was_asked_for_is_exported(polled: Monitor) -> None:
    report = polled("sources", "export-warc", "--since", "2999-01-01", polled.folder / "a.warc", "--json").json

    assert report["written"] == 0
    assert (
        "no source 'nobody'"
        in polled("sources", "export-warc", "--source", "nobody", polled.folder / "b.warc", code=1).stderr
    )
    assert [path.name for path in polled.folder.glob("b.warc*")] == []


def test_damaged_bytes_are_left_out_and_told(polled: Monitor) -> None:
    polled.stored(flip)

    ran = polled("sources", "export-warc", polled.folder / "a.warc.gz", code=1)

    assert "the bytes are damaged" in ran.stderr
    assert "1 snapshot written" in ran.stdout


def test_missing_bytes_are_counted(polled: Monitor) -> None:
    polled.stored(lambda tx: tx.execute(delete(blob)))

    assert polled("sources", "export-warc", polled.folder / "a.warc", "--json").json["without_bytes"] == 2


@pytest.mark.parametrize("name", ["evidence.zip", "there.warc"])
def test_a_name_that_does_not_do_is_wrong_usage(polled: Monitor, name: str) -> None:
    (polled.folder / "there.warc").touch()

    polled("sources", "export-warc", polled.folder / name, code=2)
