"""What came into a mailbox since the last poll: nothing twice, nothing lost, nothing changed there."""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from monitor.core.read.bundle import unpack
from monitor.model.source import Fetched, FetchFailed, FetchResult, NotModified, PollError, Validators
from monitor.net.batch import Limits
from monitor.net.guard import Guard
from monitor.net.imap import is_local, to_modified_utf7
from monitor.net.mailbox import Documents, Mailboxes
from tests.core.mails import mail
from tests.net.conftest import Certificates, on_loopback
from tests.net.imap_peer import LOGIN, Folder, ImapPeer

LOOPBACK = Guard([ip_network("127.0.0.0/8")], resolver=on_loopback)
NOTHING = Validators()

Make = Callable[..., Mailboxes]
ServeImap = Callable[..., Awaitable[ImapPeer]]


@pytest.fixture
def new_mailboxes(tmp_path: Path, no_trust: ssl.SSLContext) -> Any:
    made: list[Mailboxes] = []

    def make(**changes: Any) -> Mailboxes:
        made.append(Mailboxes(tmp_path, **{"guard": LOOPBACK, "tls": no_trust, **changes}))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
async def serve_imap() -> AsyncIterator[ServeImap]:
    peers: list[ImapPeer] = []

    async def start(folders: dict[str, Folder] | Folder, **script: Any) -> ImapPeer:
        peers.append(ImapPeer(folders if isinstance(folders, dict) else {"INBOX": folders}, **script))
        await peers[-1].start()
        return peers[-1]

    yield start
    for peer in peers:
        await peer.stop()


def subjects(result: FetchResult) -> list[str]:
    assert isinstance(result, Fetched), result
    messages = unpack(result.body)
    assert messages is not None
    return [each.data.split(b"Subject: ")[1].split(b"\n")[0].decode() for each in messages if each.data]


def mails(*numbers: int) -> list[bytes]:
    return [mail(number, subject=f"n{number}") for number in numbers]


def failed(result: FetchResult) -> FetchFailed:
    assert isinstance(result, FetchFailed), result
    return result


class TestMaildir:
    @pytest.fixture
    def inbox(self, tmp_path: Path) -> Path:
        for part in ("tmp", "new", "cur"):
            (tmp_path / "inbox" / part).mkdir(parents=True)
        return tmp_path / "inbox"

    @staticmethod
    def deliver(inbox: Path, number: int, *, at: int | None = None, folder: str = "new") -> Path:
        path = inbox / folder / f"{number}.host"
        path.write_bytes(mails(number)[0])
        os.utime(path, (at or number, at or number))
        return path

    async def test_a_first_poll_gives_everything_oldest_first(self, inbox: Path, new_mailboxes: Make) -> None:
        for number in (2, 1, 3):
            self.deliver(inbox, number, folder="cur" if number == 3 else "new")

        result = await new_mailboxes().fetch("maildir:inbox", NOTHING, "")

        assert subjects(result) == ["n1", "n2", "n3"]
        assert isinstance(result, Fetched)
        assert not result.more

    async def test_an_empty_one_is_a_document_first_and_unchanged_then(self, inbox: Path, new_mailboxes: Make) -> None:
        boxes = new_mailboxes()
        first = await boxes.fetch("maildir:inbox", NOTHING, "")

        assert subjects(first) == []
        assert isinstance(first, Fetched)
        assert await boxes.fetch("maildir:inbox", first.validators, "") == NotModified(first.validators)

    async def test_only_what_came_since_is_given_whatever_its_date(self, inbox: Path, new_mailboxes: Make) -> None:
        """A copied file keeps an old time, and clocks are set back."""
        boxes = new_mailboxes()
        self.deliver(inbox, 500)
        first = await boxes.fetch("maildir:inbox", NOTHING, "")
        assert isinstance(first, Fetched)
        self.deliver(inbox, 7, at=7)

        second = await boxes.fetch("maildir:inbox", first.validators, "")

        assert subjects(second) == ["n7"]

    async def test_a_message_that_a_person_read_is_no_news(self, inbox: Path, new_mailboxes: Make) -> None:
        boxes = new_mailboxes()
        path = self.deliver(inbox, 1)
        first = await boxes.fetch("maildir:inbox", NOTHING, "")
        assert isinstance(first, Fetched)

        path.rename(inbox / "cur" / "1.host:2,S")
        assert isinstance(await boxes.fetch("maildir:inbox", first.validators, ""), NotModified)
        (inbox / "cur" / "1.host:2,S").unlink()
        assert isinstance(await boxes.fetch("maildir:inbox", first.validators, ""), NotModified)

    @pytest.mark.parametrize("limits", [Limits(messages=2), Limits(total=600), Limits(total=1)])
    async def test_what_is_over_the_limit_comes_next_time(
        self, inbox: Path, new_mailboxes: Make, limits: Limits
    ) -> None:
        boxes, validators, found, more = new_mailboxes(limits=limits), NOTHING, list[str](), True
        for number in range(1, 6):
            self.deliver(inbox, number)

        while more:
            result = await boxes.fetch("maildir:inbox", validators, "")
            assert isinstance(result, Fetched)
            found += subjects(result)
            validators, more = result.validators, result.more

        assert found == ["n1", "n2", "n3", "n4", "n5"]
        assert isinstance(await boxes.fetch("maildir:inbox", validators, ""), NotModified)

    async def test_of_a_huge_message_the_beginning_is_read(self, inbox: Path, new_mailboxes: Make) -> None:
        (inbox / "new" / "1").write_bytes(mails(1)[0] + b"A" * 100_000)

        result = await new_mailboxes(limits=Limits(message=1000)).fetch("maildir:inbox", NOTHING, "")

        assert isinstance(result, Fetched)
        (message,) = unpack(result.body) or []
        assert (len(message.data), message.whole) == (1000, False)

    async def test_nothing_in_it_changes_and_nothing_leads_out_of_it(
        self, inbox: Path, new_mailboxes: Make, tmp_path: Path
    ) -> None:
        self.deliver(inbox, 1)
        (tmp_path / "secret").write_text("Subject: secret\n\n")
        (inbox / "new" / "link").symlink_to(tmp_path / "secret")
        os.mkfifo(inbox / "new" / "pipe")
        (inbox / "new" / "folder").mkdir()
        before = sorted((path, path.lstat().st_mtime_ns) for path in inbox.rglob("*"))

        result = await new_mailboxes().fetch(f"maildir:{inbox}", NOTHING, "")

        assert subjects(result) == ["n1"]
        assert sorted((path, path.lstat().st_mtime_ns) for path in inbox.rglob("*")) == before

    async def test_a_folder_that_is_no_maildir_is_told(self, new_mailboxes: Make) -> None:
        failure = failed(await new_mailboxes().fetch("maildir:nowhere", NOTHING, ""))

        assert failure == FetchFailed(PollError.NO_MAILBOX, "maildir:nowhere: No such file or directory")


class TestImap:
    async def test_a_folder_is_read_over_tls_without_a_trace(
        self, serve_imap: ServeImap, new_mailboxes: Make, certificates: Certificates
    ) -> None:
        folder = Folder()
        folder.add(*mails(1, 2))
        peer = await serve_imap(folder, tls=certificates.good)
        boxes = new_mailboxes(tls=certificates.trust)

        result = await boxes.fetch(peer.url("/INBOX", "mail.example", "imaps"), NOTHING, LOGIN)

        assert subjects(result) == ["n1", "n2"]
        assert isinstance(result, Fetched)
        assert (result.validators, result.more) == (Validators("1:3"), False)
        messages = unpack(result.body) or []
        assert messages[0].data == mails(1)[0]
        assert messages[0].arrived == datetime(2025, 10, 9, 12, tzinfo=UTC)
        assert (peer.faults, folder.flags) == ([], {})
        assert [line.split()[0] for line in peer.lines] == [
            "CAPABILITY", "AUTHENTICATE", "EXAMINE", "UID", "UID", "UID", "LOGOUT",
        ]  # fmt: skip

    async def test_only_what_came_since_is_asked_for(self, serve_imap: ServeImap, new_mailboxes: Make) -> None:
        folder, boxes = Folder(), new_mailboxes()
        folder.add(*mails(1, 2))
        peer = await serve_imap(folder)
        url = peer.url("/", scheme="imap")

        assert await boxes.fetch(url, Validators("1:3"), LOGIN) == NotModified(Validators("1:3"))
        folder.add(*mails(3))
        assert subjects(await boxes.fetch(url, Validators("1:3"), LOGIN)) == ["n3"]

    async def test_a_folder_that_was_made_anew_is_read_again(self, serve_imap: ServeImap, new_mailboxes: Make) -> None:
        folder = Folder(validity=7)
        folder.add(*mails(1, 2))
        peer = await serve_imap(folder)

        result = await new_mailboxes().fetch(peer.url("/INBOX", scheme="imap"), Validators("1:3"), LOGIN)

        assert subjects(result) == ["n1", "n2"]
        assert isinstance(result, Fetched)
        assert result.validators == Validators("7:3")

    @pytest.mark.parametrize("limits", [Limits(messages=2), Limits(total=600), Limits(total=1)])
    async def test_what_is_over_the_limit_comes_next_time(
        self, serve_imap: ServeImap, new_mailboxes: Make, limits: Limits
    ) -> None:
        folder, boxes, validators, found = Folder(), new_mailboxes(limits=limits), NOTHING, list[str]()
        folder.add(*mails(1, 2, 3, 4, 5, 6))
        del folder.messages[2]
        peer = await serve_imap(folder)
        more = True

        while more:
            result = await boxes.fetch(peer.url("/", scheme="imap"), validators, LOGIN)
            found += subjects(result)
            assert isinstance(result, Fetched)
            validators, more = result.validators, result.more

        assert found == ["n1", "n3", "n4", "n5", "n6"]
        assert validators == Validators("1:7")

    async def test_an_empty_folder_and_an_empty_message(self, serve_imap: ServeImap, new_mailboxes: Make) -> None:
        peer, boxes = await serve_imap(folder := Folder()), new_mailboxes()
        url = peer.url("/", scheme="imap")

        first = await boxes.fetch(url, NOTHING, LOGIN)
        assert isinstance(first, Fetched)
        assert (subjects(first), first.validators) == ([], Validators("1:1"))
        folder.add(b"", *mails(2))
        assert subjects(await boxes.fetch(url, first.validators, LOGIN)) == ["n2"]

    async def test_of_a_huge_message_the_beginning_is_asked_for(
        self, serve_imap: ServeImap, new_mailboxes: Make
    ) -> None:
        folder = Folder()
        folder.add(mails(1)[0] + b"A" * 5_000_000)
        peer = await serve_imap(folder)

        result = await new_mailboxes().fetch(peer.url("/", scheme="imap"), NOTHING, LOGIN)

        assert isinstance(result, Fetched)
        (message,) = unpack(result.body) or []
        assert (len(message.data) <= 512 * 1024, message.whole) == (True, False)

    async def test_a_folder_may_have_any_name(self, serve_imap: ServeImap, new_mailboxes: Make) -> None:
        folder = Folder()
        folder.add(*mails(1))
        peer = await serve_imap({"Lists/B&-B &AOk-t&AOk- [x]": folder})

        url = peer.url("/Lists%2FB%26B%20%C3%A9t%C3%A9%20%5Bx%5D", scheme="imap")
        assert subjects(await new_mailboxes().fetch(url, NOTHING, LOGIN)) == ["n1"]
        missing = failed(await new_mailboxes().fetch(peer.url("/No", scheme="imap"), NOTHING, LOGIN))
        assert missing.error is PollError.NO_MAILBOX
        assert missing.detail == "the folder 'No' cannot be read: no such folder"

    @pytest.mark.parametrize("capabilities", [(), ("AUTH=PLAIN",)])
    async def test_a_wrong_password_is_auth_failed_and_tried_once(
        self, serve_imap: ServeImap, new_mailboxes: Make, capabilities: tuple[str, ...]
    ) -> None:
        peer = await serve_imap(Folder(), capabilities=capabilities)

        failure = failed(await new_mailboxes().fetch(peer.url("/", scheme="imap"), NOTHING, 'a"b:s3cret'))

        assert failure.error is PollError.AUTH_FAILED
        assert "s3cret" not in failure.detail
        assert peer.secrets_in_clear == 1


class TestSafety:
    async def test_starttls_is_used_where_it_is_offered(
        self, serve_imap: ServeImap, new_mailboxes: Make, certificates: Certificates
    ) -> None:
        peer = await serve_imap(Folder(), tls=certificates.good, implicit=False)
        boxes = new_mailboxes(tls=certificates.trust)

        result = await boxes.fetch(peer.url("/", "mail.example", "imap"), NOTHING, LOGIN)

        assert isinstance(result, Fetched)
        assert (peer.secrets_in_clear, peer.lines[1]) == (0, "STARTTLS")

    @pytest.mark.parametrize("implicit", [True, False])
    @pytest.mark.parametrize("fault", ["expired", "stranger", "self_signed"])
    async def test_f12_a_bad_certificate_ends_it_before_the_password(
        self, serve_imap: ServeImap, new_mailboxes: Make, certificates: Certificates, fault: str, implicit: bool
    ) -> None:
        peer = await serve_imap(Folder(), tls=getattr(certificates, fault), implicit=implicit)
        boxes = new_mailboxes(tls=certificates.trust)

        scheme = "imaps" if implicit else "imap"
        failure = failed(await boxes.fetch(peer.url("/", "mail.example", scheme), NOTHING, LOGIN))

        assert failure.error is PollError.TLS
        assert not any(line.startswith(("AUTH", "LOGIN")) for line in peer.lines)

    @pytest.mark.parametrize(
        ("address", "local"), [("127.0.0.1", True), ("::1", True), ("10.0.0.1", False), ("fe80::1%eth0", False)]
    )
    def test_a_password_in_clear_goes_to_this_machine_alone(self, address: str, local: bool) -> None:
        assert is_local(address) is local

    async def test_f7_an_address_that_is_denied_is_not_dialled(
        self, serve_imap: ServeImap, new_mailboxes: Make
    ) -> None:
        peer = await serve_imap(Folder())

        guarded = new_mailboxes(guard=Guard(resolver=on_loopback))
        failure = failed(await guarded.fetch(peer.url("/", "mail.example", "imap"), NOTHING, LOGIN))

        assert (failure.error, peer.hits) == (PollError.BLOCKED_ADDRESS, 0)

    @pytest.mark.parametrize(
        ("command", "said", "error"),
        [
            ("greeting", b"* BYE overloaded\r\n", PollError.PROTOCOL),
            ("greeting", b"HTTP/1.1 400 Bad Request\r\n", PollError.INCOMPLETE),
            ("AUTHENTICATE", None, PollError.INCOMPLETE),
            ("EXAMINE", b"{tag} OK done\r\n", PollError.PROTOCOL),  # without UIDVALIDITY
            ("EXAMINE", b"* OK [UIDVALIDITY x] y\r\n{tag} OK done\r\n", PollError.PROTOCOL),
            ("UID SEARCH", b"* SEARCH 1 x\r\n{tag} OK done\r\n", PollError.PROTOCOL),
            ("UID SEARCH", b"{tag} NO no\r\n", PollError.PROTOCOL),
            ("UID SEARCH", b"* SEARCH " + b"9" * 5_000_000 + b"\r\n", PollError.PROTOCOL),
            ("UID SEARCH", b"* OK flood\r\n" * 20_000, PollError.TOO_LARGE),
            ("UID FETCH 1 (UID INT", b"* 1 FETCH (UID 1 BODY[] {999999999}\r\n", PollError.TOO_LARGE),
            ("UID FETCH 1 (UID INT", b"* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\n{tag} OK done\r\n", PollError.PROTOCOL),
            ("UID FETCH 1 (UID INT", b"{tag} OK done\r\n", PollError.PROTOCOL),
        ],
    )
    async def test_f13_what_a_server_may_not_say_is_a_value(
        self, serve_imap: ServeImap, new_mailboxes: Make, command: str, said: bytes | None, error: PollError
    ) -> None:
        folder = Folder()
        folder.add(*mails(1))
        peer = await serve_imap(folder, instead={command: said})

        boxes = new_mailboxes(step_timeout=2.0)
        failure = failed(await boxes.fetch(peer.url("/", scheme="imap"), NOTHING, LOGIN))

        assert failure.error is error, failure

    @pytest.mark.parametrize("limits", [{"total_timeout": 0.3}, {"step_timeout": 0.3}])
    async def test_f5_a_server_that_says_nothing_is_given_up(
        self, serve_imap: ServeImap, new_mailboxes: Make, limits: dict[str, float]
    ) -> None:
        peer = await serve_imap(Folder(), instead={"EXAMINE": b"* OK wait\r\n"})

        failure = failed(await new_mailboxes(**limits).fetch(peer.url("/", scheme="imap"), NOTHING, LOGIN))

        assert failure.error is PollError.TIMEOUT

    async def test_a_server_that_is_down_is_connect_error(self, serve_imap: ServeImap, new_mailboxes: Make) -> None:
        peer = await serve_imap(Folder())
        await peer.stop()

        failure = failed(await new_mailboxes().fetch(peer.url("/", scheme="imap"), NOTHING, LOGIN))

        assert failure.error is PollError.CONNECT


@pytest.mark.parametrize(("name", "wire"), [("INBOX", "INBOX"), ("A&B", "A&-B"), ("~peter/台北", "~peter/&U,BTFw-")])
def test_a_folders_name_is_written_as_imap_has_it(name: str, wire: str) -> None:
    assert to_modified_utf7(name) == wire


async def test_documents_go_by_their_address(tmp_path: Path, new_mailboxes: Make, new_fetcher: Any, serve: Any) -> None:
    from tests.net.peers import answer

    peer = await serve(answer(200, b"a page"))
    documents = Documents(new_fetcher(), new_mailboxes())

    page = await documents.fetch(peer.url())
    nothing = await documents.fetch("maildir:nowhere")

    assert isinstance(page, Fetched)
    assert failed(nothing).error is PollError.NO_MAILBOX
