"""Makes the cassettes in `own/`: the fake's answers, as a recorder takes them down. Run it in the project's root.

    python cassettes/make.py [FOLDER]

The fake runs in virtual time with a fixed seed, and the instants are those of its journal, so the files come out the same.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import anthropic
import httpx2

from windtunnel import Stream, Windtunnel, fail, reply
from windtunnel.cassette import layout
from windtunnel.cassette.interaction import Arrival, Interaction
from windtunnel.cassette.record.inprocess import recording
from windtunnel.cassette.scrubbing import redacted
from windtunnel_server.journal import Entry
from windtunnel_server.script import Step

MODEL: Final = "claude-sonnet-4-6"
HOSTS: Final = {
    "anthropic": "https://api.anthropic.com",
    "bedrock": "https://bedrock-runtime.us-east-1.amazonaws.com",
    "vertex": "https://aiplatform.googleapis.com/v1",
    "foundry": "https://example-resource.services.ai.azure.com/anthropic",
}
#: What stands in base URLs behind the host.
PATHS: Final = {"vertex": "/v1", "foundry": "/anthropic"}
MODELS: Final = {"bedrock": "us.anthropic.claude-sonnet-4-6"}
#: Where the fake's calendar begins.
RECORDED_AT: Final = dt.datetime(2026, 11, 2, 9, tzinfo=dt.UTC)
WEATHER: Final = {
    "name": "get_weather",
    "description": "The weather in a city",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
PACED: Final = Stream(first_byte=0.4, tokens_per_second=40)


def client(provider: str, url: str, **credentials: str) -> Any:
    """Make the official SDK's client of a provider, which asks once. Played answers ask for no real credentials."""
    makers: Mapping[str, tuple[Any, dict[str, str]]] = {
        "anthropic": (anthropic.Anthropic, {"api_key": "key"}),
        "bedrock": (
            anthropic.AnthropicBedrock,
            {"aws_access_key": "AKIDEXAMPLE", "aws_secret_key": "secret", "aws_region": "us-east-1"},
        ),
        "vertex": (
            anthropic.AnthropicVertex,
            {"access_token": "token", "project_id": "example-project", "region": "global"},
        ),
        "foundry": (anthropic.AnthropicFoundry, {"api_key": "key"}),
    }
    maker, usual = makers[provider]
    return maker(base_url=url + PATHS.get(provider, ""), max_retries=0, **usual | credentials)


def credentials(provider: str, env: Mapping[str, str]) -> dict[str, str]:
    """Take what the fake lets in out of the variables it hands out."""
    if provider == "bedrock":
        return {"aws_access_key": env["AWS_ACCESS_KEY_ID"], "aws_secret_key": env["AWS_SECRET_ACCESS_KEY"]}
    if provider == "vertex":
        from google.auth.transport.requests import Request
        from google.oauth2 import service_account

        scopes = ["https://www.googleapis.com/auth/cloud-platform"]
        found: Any = service_account.Credentials.from_service_account_file(  # type: ignore[no-untyped-call]
            env["GOOGLE_APPLICATION_CREDENTIALS"], scopes=scopes
        )
        found.refresh(Request())
        return {"access_token": found.token, "project_id": env["ANTHROPIC_VERTEX_PROJECT_ID"]}
    name = "ANTHROPIC_FOUNDRY_API_KEY" if provider == "foundry" else "ANTHROPIC_API_KEY"
    return {"api_key": env[name]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """One cassette: who is asked, what the fake says, and what each request says besides a model and a greeting."""

    provider: str = "anthropic"
    steps: tuple[Step, ...]
    asked: tuple[Mapping[str, Any], ...] = ({},)
    #: Bedrock is asked by boto3, in words of Converse.
    converse: bool = False


STREAMED: Final[Mapping[str, Any]] = {"stream": True}
GREETED: Final = "Good morning from the fake"
UNHEARD: Final = "This will not be heard to its end either."
#: As long as it takes for the cache to keep it.
LONG: Final = "Ulm lies on the Danube. " * 180
REMEMBERED: Final[Mapping[str, Any]] = {
    "system": [{"type": "text", "text": LONG, "cache_control": {"type": "ephemeral"}}]
}
THOUGHTFUL: Final[Mapping[str, Any]] = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2000}
WEATHER_SPEC: Final[Mapping[str, Any]] = {
    "toolSpec": {
        "name": WEATHER["name"],
        "description": WEATHER["description"],
        "inputSchema": {"json": WEATHER["input_schema"]},
    }
}
LOOKED: Final = reply("I look.", tool_use={"name": "get_weather", "input": {"city": "Ulm"}}, stream=PACED)
CUT_BY_ERROR: Final = fail("error_event", text=UNHEARD, after_events=4)

#: Cassettes by the names of their files.
OWN: Final[Mapping[str, Own]] = {
    **{f"{name}-text": Own(provider=name, steps=(reply(f"{GREETED}."),)) for name in HOSTS},
    **{
        f"{name}-stream": Own(
            provider=name, steps=(reply(f"{GREETED}, word by word.", stream=PACED),), asked=(STREAMED,)
        )
        for name in HOSTS
    },
    **{f"{name}-overloaded": Own(provider=name, steps=(fail("overloaded"),)) for name in HOSTS},
    **{f"{name}-error-mid-stream": Own(provider=name, steps=(CUT_BY_ERROR,), asked=(STREAMED,)) for name in HOSTS},
    **{
        f"{name}-cache": Own(
            provider=name,
            steps=(reply("I shall remember."), reply("I remember.")),
            asked=(REMEMBERED, {**REMEMBERED, **STREAMED}),
        )
        for name in ("vertex", "foundry")
    },
    "bedrock-thinking": Own(
        provider="bedrock",
        steps=(reply(thinking="A greeting.", text="Good morning."),) * 2,
        asked=(THOUGHTFUL, {**THOUGHTFUL, **STREAMED}),
    ),
    "bedrock-converse-tools": Own(
        provider="bedrock",
        converse=True,
        steps=(LOOKED,),
        asked=({**STREAMED, "toolConfig": {"tools": [WEATHER_SPEC]}},),
    ),
    "bedrock-converse-cache": Own(
        provider="bedrock",
        converse=True,
        steps=(reply("I shall remember."), reply("I remember.")),
        asked=({**STREAMED, "system": [{"text": LONG}, {"cachePoint": {"type": "default"}}]},) * 2,
    ),
    "bedrock-converse-overloaded": Own(provider="bedrock", converse=True, steps=(fail("overloaded"),)),
    "bedrock-converse-error-mid-stream": Own(
        provider="bedrock", converse=True, steps=(CUT_BY_ERROR,), asked=(STREAMED,)
    ),
    "anthropic-tools": Own(steps=(LOOKED,), asked=({**STREAMED, "tools": [WEATHER]},)),
    "anthropic-rate-limited": Own(steps=(fail("rate_limited", retry_after=7),)),
    "anthropic-reset-mid-stream": Own(
        steps=(fail("reset_mid_body", text="This will not be heard to its end.", after_events=4),), asked=(STREAMED,)
    ),
}


def make(name: str) -> bytes:
    """Record one, and return its file."""
    own = OWN[name]
    taken: list[Interaction] = []
    with Windtunnel(*own.steps, seed=6, provider=own.provider) as tunnel:
        door = tunnel.provider(own.provider)
        let_in = credentials(own.provider, door.env)
        with (
            recording(taken.append, hosts=["127.0.0.1"]),
            contextlib.closing(_client(own, door.url, let_in)) as asking,
        ):
            for asked in own.asked:
                (converse if own.converse else ask)(asking, {"model": MODELS.get(own.provider, MODEL), **asked})
        # A token may have been fetched before.
        entries = tunnel.journal.calls[-len(taken) :]
    told = [at_home(one, entry, door.url, own) for one, entry in zip(taken, entries, strict=True)]
    clean = redacted(told, name, environ={})
    head = "# Source: the fake of this project, by cassettes/make.py\n#\n"
    return layout.document(head + layout.block(one) for one in clean)


def _client(own: Own, url: str, let_in: Mapping[str, str]) -> Any:
    return boto_client(url, **let_in) if own.converse else client(own.provider, url, **let_in)


def boto_client(url: str, aws_access_key: str = "AKIDEXAMPLE", aws_secret_key: str = "secret") -> Any:
    """Make boto3's client of Bedrock, which asks once."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        "bedrock-runtime",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=aws_access_key,
        aws_secret_access_key=aws_secret_key,
        config=Config(retries={"total_max_attempts": 1}),
    )


def ask(asking: Any, asked: dict[str, Any]) -> None:
    """Ask, and hear it to its end, whichever that is."""
    greeting = [{"role": "user", "content": "Good morning!"}]
    with contextlib.suppress(anthropic.APIError, httpx2.TransportError):
        answer = asking.messages.create(**{"max_tokens": 200, "messages": greeting, **asked})
        if asked.get("stream"):
            list(answer)


def converse(asking: Any, asked: Mapping[str, Any]) -> None:
    """Do the same in words of Converse."""
    from botocore.exceptions import ClientError

    more = {key: value for key, value in asked.items() if key not in ("model", "stream")}
    greeting = [{"role": "user", "content": [{"text": "Good morning!"}]}]
    call = asking.converse_stream if asked.get("stream") else asking.converse
    # What a stream breaks off with is an error of the client too.
    with contextlib.suppress(ClientError):
        answer = call(modelId=asked["model"], messages=greeting, inferenceConfig={"maxTokens": 200}, **more)
        list(answer.get("stream", ()))


def at_home(taken: Interaction, entry: Entry, url: str, own: Own) -> Interaction:
    """Put an exchange with the fake where the real one would have been, at the instants of the fake's own clock."""
    door, provider = urlsplit(url), own.provider
    changing = _CHANGING | (_CHANGING_IN_BOTO if own.converse else frozenset())
    path = taken.request.uri.partition(door.netloc)[2].removeprefix(door.path + PATHS.get(provider, ""))
    headers = tuple(pair for pair in taken.request.headers if pair[0].lower() not in changing)
    host = urlsplit(HOSTS[provider]).netloc
    request = replace(taken.request, uri=HOSTS[provider] + path, headers=(("Host", host), *headers))
    sent_at = entry.body_at or entry.arrived_at
    arrivals = [Arrival(round(step.at - sent_at, 6), step.bytes) for step in entry.steps if step.what == "send"]
    heads = [step.at - sent_at for step in entry.steps if step.what == "head"]
    response = replace(
        taken.response,
        # A client that has seen an error event reads no further; what was sent was whole.
        ended="complete" if entry.ended == "complete" else taken.response.ended,
        arrivals=tuple(_fitting(arrivals, len(taken.response.body))),
        head_at_s=round(heads[0], 6) if heads else None,
        ended_at_s=None if entry.ended_at is None else round(entry.ended_at - sent_at, 6),
    )
    return replace(taken, request=request, response=response, provider=provider, recorded_at=RECORDED_AT)


#: What differs from run to run, or tells of the machine.
_CHANGING: Final = frozenset(
    {"host", "x-amz-date", "authorization", "x-stainless-os", "x-stainless-arch", "x-stainless-runtime-version"}
)
_CHANGING_IN_BOTO: Final = frozenset({"user-agent", "amz-sdk-invocation-id"})


def _fitting(arrivals: list[Arrival], size: int) -> list[Arrival]:
    """Leave out what the client did not get: a reset overtakes the bytes before it."""
    fitting, left = [], size
    for arrival in arrivals:
        if left > 0:
            fitting.append(Arrival(arrival.at_s, min(arrival.size, left)))
            left -= arrival.size
    return fitting


def main(folder: Path) -> None:
    """Write them all."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in OWN:
        (folder / f"{name}.yaml").write_bytes(make(name))
        print(folder / f"{name}.yaml")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "own")
