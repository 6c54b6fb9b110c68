"""Every cassette, played to real clients, is what `expected.yaml` says: read off the bytes by hand, and not off a client."""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from windtunnel.cassette import files
from windtunnel.cassette.conversation import total
from windtunnel.cassette.interaction import Interaction, header
from windtunnel.cassette.player import Player
from windtunnel.tunnel import Windtunnel

anthropic = pytest.importorskip(
    "anthropic", minversion="1", reason="the replaying clients are those of SDK 1 and later"
)

from . import asking, reading  # noqa: E402

#: The SDK warns of models that were retired since they were recorded, and of thinking it would have asked for otherwise.
pytestmark = pytest.mark.filterwarnings("ignore:The model:DeprecationWarning", "ignore:.*thinking:UserWarning")

FOLDER = Path(__file__).parents[2] / "cassettes"
NAMES = sorted(str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.rglob("*.yaml"))

EXPECTED: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    (Path(__file__).parent / "expected.yaml").read_text(encoding="utf-8")
)


@cache
def interactions(name: str) -> tuple[Interaction, ...]:
    return tuple(files.load(FOLDER / f"{name}.yaml").interactions)


def of_bedrock(name: str) -> bool:
    return interactions(name)[0].provider == "bedrock"


BY_SDK = [name for name in NAMES if not asking.is_converse(interactions(name)[0])]
BY_BOTO = [name for name in NAMES if of_bedrock(name)]


@pytest.fixture
def tunnel(request: pytest.FixtureRequest) -> Iterator[Windtunnel]:
    """A tunnel that plays the cassette of a name, each interaction once."""
    with Windtunnel(cassette=Player.load(FOLDER / f"{request.param}.yaml")) as tunnel:
        yield tunnel


def shown(entry: dict[str, Any], *hidden: str) -> dict[str, Any]:
    """What a client is expected to show of an entry: no bytes, no pings, and not what is for others."""
    kept = {name: value for name, value in entry.items() if name not in ("answer", "boto3_error", *hidden)}
    if "events" in kept:
        kept["events"] = reading.in_runs(reading.one_by_one(kept["events"]))
    return kept


def expected_of_sdk(name: str) -> list[dict[str, Any]]:
    # The SDK reads a header for the request id that Amazon does not send.
    hidden = ["request_id"] if of_bedrock(name) else []
    return [shown(entry, *hidden) for entry in EXPECTED[name]]


def expected_of_boto(name: str) -> list[dict[str, Any]]:
    errors = [{"error": entry["boto3_error"]} if "boto3_error" in entry else {} for entry in EXPECTED[name]]
    return [shown(entry) | error for entry, error in zip(EXPECTED[name], errors, strict=True)]


def test_every_cassette_is_expected_and_every_expectation_has_one() -> None:
    assert sorted(EXPECTED) == NAMES
    assert {name: len(entries) for name, entries in EXPECTED.items()} == {
        name: len(interactions(name)) for name in NAMES
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_file_holds_the_bytes_that_are_expected(name: str) -> None:
    plain = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))

    answers = [one["response"] for one in plain["interactions"]]

    assert [
        reading.answer(one["status"]["code"], string if isinstance(string, bytes) else string.encode())
        for one in answers
        for string in [one["body"]["string"]]
    ] == [entry["answer"] for entry in EXPECTED[name]]


COUNTED = [name for name in NAMES if not any("error" in entry for entry in EXPECTED[name])]


@pytest.mark.parametrize("name", COUNTED)
def test_we_count_the_tokens_that_are_expected(name: str) -> None:
    expected = [entry["usage"] for entry in EXPECTED[name] if "usage" in entry]

    counted = total(interactions(name))

    assert (counted.input_tokens, counted.output_tokens) == (
        sum(usage.get("input_tokens", usage.get("inputTokens")) for usage in expected),
        sum(usage.get("output_tokens", usage.get("outputTokens")) for usage in expected),
    )


WHOLE = [name for name in NAMES if all(one.response.ended == "complete" for one in interactions(name))]


@pytest.mark.parametrize(("tunnel", "name"), [(name, name) for name in WHOLE], indirect=["tunnel"], ids=WHOLE)
def test_a_socket_gives_the_bytes_that_are_expected(tunnel: Windtunnel, name: str) -> None:
    address = urlsplit(tunnel.provider(interactions(name)[0].provider).url)

    with contextlib.closing(http.client.HTTPConnection(address.netloc)) as connection:
        answers = [put(connection, address.path, one) for one in interactions(name)]

    assert answers == [entry["answer"] for entry in EXPECTED[name]]


def put(connection: http.client.HTTPConnection, door: str, interaction: Interaction) -> str:
    url, asked = urlsplit(interaction.request.uri), interaction.request
    path = url.path if url.path.startswith(door) else door + url.path
    kind = header(asked.headers, "content-type") or "application/json"
    connection.request(
        asked.method,
        path + (f"?{url.query}" if url.query else ""),
        body=asked.body,
        headers={"content-type": kind},
    )
    response = connection.getresponse()
    return reading.answer(response.status, response.read())


@pytest.mark.parametrize("medium", ["socket", "memory"])
@pytest.mark.parametrize(("tunnel", "name"), [(name, name) for name in BY_SDK], indirect=["tunnel"], ids=BY_SDK)
def test_the_sdk_sees_what_is_expected(tunnel: Windtunnel, name: str, medium: str, make: ModuleType) -> None:
    import httpx2

    provider = interactions(name)[0].provider
    # Without the certificates, which take 50 ms to load.
    http = (
        anthropic.DefaultHttpxClient(verify=False)
        if medium == "socket"
        else httpx2.Client(transport=tunnel.transport(), verify=False)
    )
    with make.client(provider, tunnel.provider(provider).url, http_client=http) as client:
        seen = [asking.by_sdk(client, one) for one in interactions(name)]

    assert seen == expected_of_sdk(name)
    assert (tunnel.cassette.misses, tunnel.cassette.unplayed) == ([], [])  # type: ignore[union-attr]


@pytest.mark.parametrize(("tunnel", "name"), [(name, name) for name in BY_BOTO], indirect=["tunnel"], ids=BY_BOTO)
def test_boto3_sees_what_is_expected(tunnel: Windtunnel, name: str, make: ModuleType) -> None:
    pytest.importorskip("boto3", reason="boto3 is not installed")
    from .asking_boto import by_boto

    with contextlib.closing(make.boto_client(tunnel.provider("bedrock").url)) as client:
        seen = [by_boto(client, one) for one in interactions(name)]

    expected = expected_of_boto(name)
    # Of a stream of the Messages API boto3 hands out the events, and puts nothing together.
    assert seen == [
        {key: value for key, value in entry.items() if key in one} for entry, one in zip(expected, seen, strict=True)
    ]
    assert all(one.keys() & {"content", "events", "error"} for one in seen)
    assert tunnel.cassette.misses == []  # type: ignore[union-attr]


@pytest.mark.parametrize("tunnel", ["own/anthropic-reset-mid-stream"], indirect=True)
def test_a_reset_is_played_as_a_reset(tunnel: Windtunnel, make: ModuleType) -> None:
    with make.client("anthropic", tunnel.url) as client:
        asking.by_sdk(client, interactions("own/anthropic-reset-mid-stream")[0])

    assert [call.ended for call in tunnel.journal.calls] == ["reset"]
