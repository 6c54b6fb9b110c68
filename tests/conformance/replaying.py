"""The real clients, made to ask what an interaction asks, with the bytes that their transport saw of the answer."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from unittest.mock import patch
from urllib.parse import unquote, urlsplit

import anthropic
import httpx2
from anthropic import Anthropic, AnthropicBedrock, AnthropicFoundry, AnthropicVertex

from windtunnel.cassette.interaction import Interaction, header
from windtunnel.tunnel import Windtunnel

#: Longer than any non-streaming answer; without one, the SDK refuses large `max_tokens`.
_TIMEOUT_S: Final = 6000.0
_MODEL: Final = re.compile(r"/(?:model|models)/([^/]+?)(?:/|:raw|:stream|$)")


class Capture(httpx2.BaseTransport):
    """Passes everything on, and keeps the bodies as they came."""

    def __init__(self, inner: httpx2.BaseTransport) -> None:
        self._inner = inner
        self.body: bytes | None = None

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = self._inner.handle_request(request)
        pieces = list(response.stream)  # type: ignore[arg-type]
        self.body = b"".join(pieces)
        return httpx2.Response(
            response.status_code, headers=response.headers, stream=httpx2.ByteStream(self.body), request=request
        )


@dataclass
class Seen:
    """What became of an exchange: the bytes that the client's transport saw, and how the client took them."""

    body: bytes | None
    outcome: str


@dataclass
class Clients:
    """Every client there is, pointed at one tunnel."""

    tunnel: Windtunnel
    capture: Capture = field(init=False)
    _made: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.capture = Capture(self.tunnel.transport())

    def ask(self, interaction: Interaction, api: str) -> Seen | None:
        """Ask what was asked; None where no client of ours has a call for it."""
        asks = CALLS.get((interaction.provider, api))
        if asks is None:
            return None
        self.capture.body = None
        try:
            said = asks(self, interaction)
        except anthropic.APIStatusError as error:
            return Seen(self.capture.body, f"raised {type(error).__name__}")
        except json.JSONDecodeError:
            return Seen(self.capture.body, "cannot read its JSON")
        return Seen(self.capture.body, said)

    def client(self, provider: str) -> Any:
        """Return a client of the official SDK, made once."""
        if provider not in self._made:
            url = self.tunnel.provider(provider).url
            common: dict[str, Any] = {
                "base_url": url,
                "max_retries": 0,
                "timeout": _TIMEOUT_S,
                "http_client": httpx2.Client(transport=self.capture, base_url=url),
            }
            self._made[provider] = _MAKERS[provider](common)
        return self._made[provider]


_MAKERS: Final[Mapping[str, Callable[[dict[str, Any]], Any]]] = {
    "anthropic": lambda common: Anthropic(api_key="key", **common),
    "bedrock": lambda common: AnthropicBedrock(
        aws_access_key="AKIA", aws_secret_key="secret", aws_region="us-east-1", **common
    ),
    "vertex": lambda common: AnthropicVertex(access_token="token", project_id="project", region="global", **common),
    "foundry": lambda common: AnthropicFoundry(api_key="key", **common),
}


def _body(interaction: Interaction) -> dict[str, Any]:
    return dict(json.loads(interaction.request.body))


def _path(interaction: Interaction) -> str:
    return unquote(urlsplit(interaction.request.uri).path)


def _messages(clients: Clients, interaction: Interaction) -> str:
    body = _body(interaction)
    if interaction.provider in ("bedrock", "vertex"):
        found = _MODEL.search(_path(interaction))
        assert found is not None
        body |= {"model": found[1]}
    streamed = _is_stream(interaction, body)
    known = {name: body.pop(name) for name in ("model", "messages", "max_tokens") if name in body}
    # What is not there must not be sent: the SDK leaves out what is "not given".
    given = {"messages": anthropic.NOT_GIVEN, "max_tokens": anthropic.NOT_GIVEN} | known
    body.pop("stream", None)
    asked_plainly = json.loads(interaction.request.body).get("stream") is False
    extra = body | ({"stream": False} if asked_plainly else {})
    answer = clients.client(interaction.provider).messages.create(**given, stream=streamed, extra_body=extra)
    if streamed:
        return f"{min(len(list(answer)), 1)} stream"
    return type(answer).__name__


def _is_stream(interaction: Interaction, body: Mapping[str, Any]) -> bool:
    path = _path(interaction)
    return bool(body.get("stream")) or path.endswith(("with-response-stream", ":streamRawPredict"))


def _count(clients: Clients, interaction: Interaction) -> str:
    body = _body(interaction)
    model, messages = body.pop("model"), body.pop("messages")
    answer = clients.client("anthropic").messages.count_tokens(model=model, messages=messages, extra_body=body)
    return type(answer).__name__


def _models(clients: Clients, interaction: Interaction) -> str:
    last = _path(interaction).rpartition("/")[2]
    models = clients.client("anthropic").models
    query = dict(pair.split("=") for pair in urlsplit(interaction.request.uri).query.split("&") if "=" in pair)
    answer = models.list(**query) if last == "models" else models.retrieve(last)
    return type(answer).__name__


def _batches(clients: Clients, interaction: Interaction) -> str:
    batches = clients.client("anthropic").messages.batches
    tail = _path(interaction).partition("/batches")[2].strip("/").split("/")
    query = dict(pair.split("=") for pair in urlsplit(interaction.request.uri).query.split("&") if "=" in pair)
    if interaction.request.method == "POST":
        if tail[-1] == "cancel" and interaction.request.body:
            return _plainly(clients, interaction)  # Ruby's client sends {}, and the SDK nothing
        if tail[-1] == "cancel":
            return type(batches.cancel(tail[0])).__name__
        return type(batches.create(**_body(interaction))).__name__
    if tail == [""]:
        return type(batches.list(**query)).__name__
    return type(batches.retrieve(tail[0]) if len(tail) == 1 else _results(batches, tail[0])).__name__


def _results(batches: Any, id: str) -> Any:
    return batches._client.get(f"/v1/messages/batches/{id}/results", cast_to=httpx2.Response)


def _plainly(clients: Clients, interaction: Interaction) -> str:
    """Ask through the SDK's HTTP client: for what the SDK has no call for, or writes otherwise."""
    request = interaction.request
    client = clients.client(interaction.provider)
    kind = header(request.headers, "content-type") or "application/json"
    parts = urlsplit(request.uri)
    where = clients.tunnel.provider(interaction.provider).url + parts.path + (f"?{parts.query}" if parts.query else "")
    headers = {"content-type": kind} if request.body else {}
    answer = client._client.request(request.method, where, content=request.body, headers=headers)
    return f"HTTP {answer.status_code}"


# --- boto3 -----------------------------------------------------------------------------------------------------------


@contextmanager
def _botocore_sees(clients: Clients) -> Iterator[None]:
    """Keep what botocore's own transport got."""
    from botocore.httpsession import URLLib3Session

    send = URLLib3Session.send

    def sent(self: Any, request: Any) -> Any:
        answer = send(self, request)
        if request.stream_output:
            clients.capture.body = answer.raw.read(decode_content=False)
            answer.raw = _Again(clients.capture.body)
        else:
            clients.capture.body = answer.content
        return answer

    with patch.object(URLLib3Session, "send", sent):
        yield


class _Again(io.BytesIO):
    """A body that has been read, to be read once more."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.getvalue()


def _boto(call: str) -> Callable[[Clients, Interaction], str]:
    def ask(clients: Clients, interaction: Interaction) -> str:
        from botocore.exceptions import ClientError

        runtime = _runtime(clients)
        found = _MODEL.search(_path(interaction))
        assert found is not None
        with _botocore_sees(clients):
            try:
                answer = getattr(runtime, call)(modelId=found[1], **_given(interaction, call))
                events = list(next((answer[name] for name in ("stream", "body") if name in answer), ()))
            except ClientError as error:
                return f"raised {error.response['Error'].get('Code') or 'ClientError'}"
        return f"boto3 {call}" if events or "stream" not in call else "boto3, no events"

    return ask


def _invoke(clients: Clients, interaction: Interaction) -> str:
    """Older requests name no version: boto3 sends them as they are, and the official SDK would add one."""
    if "anthropic_version" in _body(interaction):
        return _messages(clients, interaction)
    streamed = _is_stream(interaction, {})
    return _boto("invoke_model_with_response_stream" if streamed else "invoke_model")(clients, interaction)


def _given(interaction: Interaction, call: str) -> dict[str, Any]:
    if call.startswith("invoke"):
        return {"body": interaction.request.body}
    body: dict[str, Any] = json.loads(interaction.request.body, object_hook=_unwrapped)
    return body


def _unwrapped(value: dict[str, Any]) -> dict[str, Any]:
    """Return what botocore wants where JSON has base64: it encodes bytes itself."""
    for name in ("bytes", "body", "redactedContent"):
        if isinstance(value.get(name), str):
            value[name] = base64.b64decode(value[name])
    return value


def _runtime(clients: Clients) -> Any:
    if "boto3" not in clients._made:
        import boto3
        from botocore.config import Config

        clients._made["boto3"] = boto3.client(
            "bedrock-runtime",
            endpoint_url=clients.tunnel.provider("bedrock").url,
            region_name="us-east-1",
            aws_access_key_id="AKIA",
            aws_secret_access_key="secret",
            # What is asked for was asked for in earnest: it need not be right by the parameters of this botocore.
            config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
        )
    return clients._made["boto3"]


CALLS: Final[Mapping[tuple[str, str], Callable[[Clients, Interaction], str]]] = {
    ("anthropic", "messages"): _messages,
    ("anthropic", "count_tokens"): _count,
    ("anthropic", "models"): _models,
    ("anthropic", "batches"): _batches,
    ("anthropic", "complete"): _plainly,
    ("anthropic", "files"): _plainly,
    ("anthropic", "other"): _plainly,
    ("bedrock", "invoke"): _invoke,
    ("bedrock", "invoke-stream"): _invoke,
    ("bedrock", "converse"): _boto("converse"),
    ("bedrock", "converse-stream"): _boto("converse_stream"),
    ("bedrock", "count_tokens"): _boto("count_tokens"),
    ("foundry", "messages"): _messages,
    ("vertex", "vertex-predict"): _messages,
}
