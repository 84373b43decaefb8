"""What is recorded is replayed, without its secrets."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator

import pytest

from calipso.errors import AuthFailed, ParseError, TransportError, Unreachable
from calipso.seams import Exec, Namespaces, Netlink, NetlinkEvents, Ovsdb, Read, Reply, Request
from calipso.transports.record import RecordTransport
from calipso.transports.redact import redact, redact_arguments
from calipso.transports.replay import ReplayTransport
from calipso.transports.transcript import header


class Scripted:
    """Answers from a table; counts what it is asked."""

    def __init__(self, answers: dict[type, list[Reply | TransportError]]) -> None:
        self.scripted = answers
        self.answers = frozenset(answers)
        self.closed = False

    async def ask(self, request: Request) -> Reply:
        answer = self.scripted[type(request)].pop(0)
        if isinstance(answer, TransportError):
            raise answer
        return answer

    async def listen(self, request: Request) -> AsyncIterator[Reply]:
        for answer in self.scripted[type(request)]:
            if isinstance(answer, TransportError):
                raise answer
            yield answer

    async def close(self) -> None:
        self.closed = True


def recorded(inner: Scripted, *requests: Request) -> list[str]:
    async def run() -> None:
        transport = RecordTransport(inner, output)
        for request in requests:
            with contextlib.suppress(TransportError):
                await transport.ask(request)
        await transport.close()

    output = io.StringIO()
    asyncio.run(run())
    assert inner.closed
    return output.getvalue().splitlines()


def test_every_kind_of_answer_comes_back() -> None:
    answers = {
        Exec: [Reply(b"out\n", 3, b"warned")],
        Read: [Reply(b"\x00\xff binary"), AuthFailed("/x: Permission denied", hint="be root")],
        Netlink: [Reply(bytes(range(256)))],
        Namespaces: [Reply(b'{"root": {}}')],
        Ovsdb: [Reply('{"ü": 1}'.encode())],
    }
    requests: list[Request] = [
        Exec(("ip", "link"), netns="/run/netns/a"),
        Read("/x"),
        Read("/x"),
        Netlink(("links",)),
        Namespaces(),
        Ovsdb("unix:/run/db.sock", "Open_vSwitch", {"Bridge": ("name",)}),
    ]
    expected = {kind: list(each) for kind, each in answers.items()}

    async def replay() -> None:
        transport = ReplayTransport(lines)
        for request in requests:
            wanted = expected[type(request)].pop(0)
            if isinstance(wanted, TransportError):
                with pytest.raises(AuthFailed, match="denied") as error:
                    await transport.ask(request)
                assert error.value.hint == "be root"
            else:
                assert await transport.ask(request) == wanted

    lines = recorded(Scripted(answers), *requests)
    asyncio.run(replay())


def test_the_last_answer_is_given_ever_after_and_timeouts_do_not_matter() -> None:
    lines = recorded(Scripted({Read: [Reply(b"1"), Reply(b"2")]}), Read("/n"), Read("/n"))

    async def replay() -> list[bytes]:
        transport = ReplayTransport(lines)
        return [(await transport.ask(Read("/n", timeout=seconds))).body for seconds in (1, 2, 3)]

    assert asyncio.run(replay()) == [b"1", b"2", b"2"]


def test_what_was_not_asked_is_unreachable() -> None:
    with pytest.raises(Unreachable, match="not in the transcript"):
        asyncio.run(ReplayTransport([header()]).ask(Read("/n")))


def test_streams_come_back_in_order_and_end_as_they_did() -> None:
    output = io.StringIO()

    async def run(transport: RecordTransport | ReplayTransport) -> list[bytes]:
        bodies = []
        with pytest.raises(Unreachable, match="over"):
            async for reply in transport.listen(NetlinkEvents()):
                bodies.append(reply.body)
        return bodies

    inner = Scripted({NetlinkEvents: [Reply(b"a"), Reply(b"b"), Unreachable("over")]})
    asyncio.run(run(RecordTransport(inner, output)))
    assert asyncio.run(run(ReplayTransport(output.getvalue().splitlines()))) == [b"a", b"b"]


def test_secrets_are_masked_and_the_request_is_found_all_the_same() -> None:
    request = Exec(("tool", "--password", "hunter2", "--token=abc", "url=http://me:pw@h/"), stdin=b"secret: xyz\n")
    lines = recorded(Scripted({Exec: [Reply(b'{"api_key": "k1"}', 0, b"PASSWORD=hunter2")]}), request)
    text = "\n".join(lines)
    for secret in ("hunter2", "abc", "pw@", "xyz", "k1"):
        assert secret not in text
    assert asyncio.run(ReplayTransport(lines).ask(request)).body == b'{"api_key": "***"}'


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["not json"],
        ['{"calipso_transcript": 99}'],
        [header(), "[1]"],
        [header(), '{"request": 1}'],
        [header(), '{"request": {"type": "Read"}}'],
        [header(), '{"request": {"type": "Read"}, "base64": "%%%"}'],
    ],
)
def test_what_is_no_transcript_is_refused(lines: list[str]) -> None:
    with pytest.raises(ParseError):
        ReplayTransport(lines)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("password=abc next", "password=*** next"),
        ('{"auth_token": "a\\"b", "name": "x"}', '{"auth_token": "***", "name": "x"}'),
        ('[["password","abc"]]', '[["password","***"]]'),
        ("PrivateKey = abc=\nAddress = 10.0.0.1", "PrivateKey = ***\nAddress = 10.0.0.1"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("rabbit://nova:pw@10.0.0.1:5672/", "rabbit://nova:***@10.0.0.1:5672/"),
        ("cmd --db-password abc --verbose", "cmd --db-password *** --verbose"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----", None),
        ("key=5 mac=02:00:00:00:00:01 tag: 5", "key=5 mac=02:00:00:00:00:01 tag: 5"),
    ],
)
def test_redaction(text: str, expected: str | None) -> None:
    masked = redact(text)
    assert "MII" not in masked
    assert expected is None or masked == expected
    assert redact(masked) == masked, "doing it again changes nothing"


def test_redaction_of_arguments() -> None:
    assert redact_arguments(("a", "--password", "b", "-v", "--token", "-x", "c")) == (
        "a", "--password", "***", "-v", "--token", "-x", "c",
    )  # fmt: skip
