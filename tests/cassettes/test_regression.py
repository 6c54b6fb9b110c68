"""The cassettes of this project, played to the official SDK and boto3 offline, and held to what they are known to say."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from windtunnel.cassette import files
from windtunnel.cassette.conversation import total
from windtunnel.cassette.interaction import Interaction
from windtunnel.cassette.player import Player
from windtunnel.cassette.verify import verify
from windtunnel.tunnel import Windtunnel

anthropic = pytest.importorskip(
    "anthropic", minversion="1", reason="the replaying clients are those of SDK 1 and later"
)

#: The SDK warns of models that were retired since they were recorded.
pytestmark = pytest.mark.filterwarnings("ignore:The model:DeprecationWarning")

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "cassettes"
CASSETTES = sorted(FOLDER.rglob("*.yaml"))
NAMES = [str(path.relative_to(FOLDER).with_suffix("")) for path in CASSETTES]


def loaded(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def make() -> ModuleType:
    found: ModuleType = loaded(FOLDER / "make.py")
    return found


@pytest.fixture
def cassette(request: pytest.FixtureRequest) -> Iterator[tuple[Windtunnel, Interaction]]:
    """A tunnel that plays a cassette with one interaction, and that interaction."""
    path = FOLDER / f"{request.param}.yaml"
    with Windtunnel(cassette=Player.load(path)) as tunnel:
        yield tunnel, files.load(path).interactions[0]


def test_there_are_cassettes_of_every_provider_and_of_both_origins() -> None:
    kinds = {name.partition("-")[0] for name in NAMES}

    assert kinds == {
        f"{origin}/{p}" for origin in ("real", "own") for p in ("anthropic", "bedrock", "vertex", "foundry")
    }


@pytest.mark.parametrize("path", CASSETTES, ids=NAMES)
def test_a_cassette_is_well_and_says_where_it_is_from(path: Path) -> None:
    faults = [fault for fault in verify(path, environ={}) if fault.weight == "error"]

    assert faults == []
    assert "# Source: " in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [path.stem for path in CASSETTES if path.parent.name == "own"])
def test_our_own_are_what_the_fake_says_today(name: str, make: ModuleType) -> None:
    there = (FOLDER / "own" / f"{name}.yaml").read_bytes()

    assert make.make(name) == there


MESSAGES = {
    "own/anthropic-text": ("Good morning from the fake.", [], None),
    "own/bedrock-text": ("Good morning from the fake.", [], None),
    "own/vertex-text": ("Good morning from the fake.", [], None),
    "own/foundry-text": ("Good morning from the fake.", [], None),
    "own/anthropic-stream": ("Good morning from the fake, word by word.", [], None),
    "own/bedrock-stream": ("Good morning from the fake, word by word.", [], None),
    "own/vertex-stream": ("Good morning from the fake, word by word.", [], None),
    "own/foundry-stream": ("Good morning from the fake, word by word.", [], None),
    "own/anthropic-tools": ("I look.", [("get_weather", {"city": "Ulm"})], None),
    "real/anthropic-tools-stream": (
        "I'll run the 'date' command for you.",
        [("system", {"command": "date"})],
        (391, 64),
    ),
}


@pytest.mark.parametrize("cassette", MESSAGES, indirect=True, ids=str)
def test_the_sdk_understands_what_is_played(
    cassette: tuple[Windtunnel, Interaction], make: ModuleType, request: pytest.FixtureRequest
) -> None:
    tunnel, interaction = cassette
    text, tools, tokens = MESSAGES[request.node.callspec.params["cassette"]]
    body = json.loads(interaction.request.body)
    for name in ("anthropic_version", "stream"):
        body.pop(name, None)
    body.setdefault("model", make.MODELS.get(interaction.provider, make.MODEL))
    asking = make.client(interaction.provider, tunnel.provider(interaction.provider).url)

    if b'"stream":true' in interaction.request.body or b"stream" in interaction.request.uri.lower().encode():
        with asking.messages.stream(**body) as stream:
            message = stream.get_final_message()
    else:
        message = asking.messages.create(**body)

    assert "".join(block.text for block in message.content if block.type == "text") == text
    assert [(block.name, block.input) for block in message.content if block.type == "tool_use"] == tools
    assert message.usage.output_tokens == (tokens[1] if tokens else total([interaction]).output_tokens) > 0
    assert message.usage.input_tokens == (tokens[0] if tokens else total([interaction]).input_tokens) > 0


def greet(asking: Any, model: str, more: dict[str, Any]) -> None:
    """Ask what our own cassettes have asked, and hear the answer to its end."""
    greeting = [{"role": "user", "content": "Good morning!"}]
    list(asking.messages.create(model=model, max_tokens=200, messages=greeting, **more))


ERRORS = {
    **{f"own/{provider}-overloaded": 529 for provider in ("anthropic", "vertex", "foundry")},
    "own/bedrock-overloaded": 503,
    "own/anthropic-rate-limited": 429,
    "own/anthropic-error-mid-stream": 200,
}


@pytest.mark.parametrize("cassette", ERRORS, indirect=True, ids=str)
def test_the_sdk_is_told_of_errors_as_they_were(
    cassette: tuple[Windtunnel, Interaction], make: ModuleType, request: pytest.FixtureRequest
) -> None:
    tunnel, interaction = cassette
    asking = make.client(interaction.provider, tunnel.provider(interaction.provider).url)
    stream = "stream" in request.node.name

    with pytest.raises(anthropic.APIStatusError) as raised:
        greet(asking, make.MODELS.get(interaction.provider, make.MODEL), {"stream": True} if stream else {})

    assert raised.value.response.status_code == ERRORS[request.node.callspec.params["cassette"]]
    assert not tunnel.cassette.misses  # type: ignore[union-attr]


@pytest.mark.parametrize("cassette", ["own/anthropic-reset-mid-stream"], indirect=True)
def test_a_reset_is_played_as_a_reset(cassette: tuple[Windtunnel, Interaction], make: ModuleType) -> None:
    tunnel, _ = cassette
    asking = make.client("anthropic", tunnel.url)

    with pytest.raises(Exception, match="(?i)reset|closed|disconnected"):
        list(
            asking.messages.create(
                model=make.MODEL,
                max_tokens=200,
                stream=True,
                messages=[{"role": "user", "content": "Good morning!"}],
            )
        )

    assert tunnel.journal.calls[0].ended == "reset"
