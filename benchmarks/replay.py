"""The official SDK over a cassette in memory, next to its library's mock answering the same bytes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anthropic
import httpx2

from benchmarks.bodies import KEY, MODEL
from benchmarks.rounds import Row, Table, by_turns
from windtunnel import Windtunnel
from windtunnel.cassette.files import save
from windtunnel.cassette.interaction import Interaction, Request, Response
from windtunnel.cassette.player import Player

_URL = "http://sdk.invalid"
#: In a round: few, so that the turns come close together.
_CALLS = 100
_LARGE_BYTES = 200_000
_BLOCK_BYTES = 2_000

Params = Mapping[str, Any]


def measure(*, quick: bool) -> list[Table]:
    """Play from cassettes of several sizes; each request is matched on its body.

    Counted in the process's own time: nothing waits here, and what else the machine does is not the subject. A player is
    new in every round, and made of a file, as for a test: what it reads and sets up at its first call is in the figures.
    """
    many, rounds = (3, 1) if quick else (1000, 21)
    large = 2 if quick else 100
    rows = [
        _row("1 interaction, again and again", [_asked(0)], rounds, calls=many),
        _row(f"{many} interactions", [_asked(number) for number in range(many)], rounds),
        _row(f"{many} interactions, streamed", [_asked(number) | {"stream": True} for number in range(many)], rounds),
        _row(f"{large} of 200 kB, one text", [_large(number, _LARGE_BYTES) for number in range(large)], rounds),
        _row(f"{large} of 200 kB, 100 blocks", [_large(number, _BLOCK_BYTES) for number in range(large)], rounds),
        _row(
            f"{many}, of another session",
            [_by("one", _asked(number)) for number in range(many)],
            rounds,
            change=partial(_by, "another"),
        ),
        _row(
            f"{large} of 200 kB, of another session",
            [_by("one", _large(number, _BLOCK_BYTES)) for number in range(large)],
            rounds,
            change=partial(_by, "another"),
        ),
        _row(
            f"{large} of 200 kB, cached otherwise",
            [_large(number, _BLOCK_BYTES) for number in range(large)],
            rounds,
            change=_cached,
        ),
    ]
    return [Table("the official SDK over a cassette in memory: CPU ms a call (less is better)", rows)]


def _row(
    what: str, asked: Sequence[Params], rounds: int, *, calls: int = 0, change: Callable[[Params], Params] = dict
) -> Row:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "recorded.yaml"
        answer = _record(file, asked)
        told = [change(params) for params in (list(asked) * (calls or 1))[:_CALLS]]
        found = by_turns({"ours": lambda: _over_ours(file, told), "mock": lambda: _over_mock(answer, told)}, rounds)
    return Row(what, found["ours"], found["mock"], "httpx2.MockTransport")


def _by(user: str, params: Params) -> Params:
    return {**params, "metadata": {"user_id": user}}


def _cached(params: Params) -> Params:
    return {**params, "cache_control": {"type": "ephemeral"}}


def _asked(number: int) -> dict[str, Any]:
    return {"model": MODEL, "max_tokens": 64, "messages": [{"role": "user", "content": f"Question {number}?"}]}


def _large(number: int, block_bytes: int) -> dict[str, Any]:
    text = ("the quick brown fox " * (block_bytes // 20))[:block_bytes]
    blocks = [{"type": "text", "text": text} for _ in range(_LARGE_BYTES // block_bytes)]
    return _asked(number) | {
        "messages": [{"role": "user", "content": [*blocks, {"type": "text", "text": str(number)}]}]
    }


def _record(file: Path, asked: Sequence[Params]) -> Response:
    """Let the fake answer once, and take it down with each request as the SDK writes it; return the answer."""
    taken: list[Interaction] = []
    with Windtunnel(clock="real") as tunnel, ExitStack() as stack:
        answer = stack.enter_context(_raw(tunnel.transport())).post(
            f"{_URL}/v1/messages",
            content=json.dumps(_asked(0) | {"stream": asked[0].get("stream", False)}),
            headers={"x-api-key": KEY, "anthropic-version": "2023-06-01"},
        )
        response = Response(status=200, headers=tuple(answer.headers.multi_items()), body=answer.read())

        def take(request: httpx2.Request) -> httpx2.Response:
            headers = tuple((name.decode(), value.decode()) for name, value in request.headers.raw)
            uri = f"https://api.anthropic.com{request.url.path}"
            seen = Request(method=request.method, uri=uri, headers=headers, body=request.read())
            taken.append(Interaction(request=seen, response=response, provider="anthropic"))
            return _canned(response)

        client = _client(stack, httpx2.MockTransport(take))
        for params in asked:
            _ask(client, params)
    save(file, taken, expected=None)
    return response


def _over_ours(file: Path, asked: Sequence[Params]) -> float:
    player = Player.load(file, allow_repeats=True)
    with Windtunnel(clock="real", cassette=player) as tunnel, ExitStack() as stack:
        return _timed(_client(stack, tunnel.transport()), asked)


def _over_mock(answer: Response, asked: Sequence[Params]) -> float:
    # Open all the same: whatever an open tunnel costs falls on both.
    with Windtunnel(clock="real"), ExitStack() as stack:
        return _timed(_client(stack, httpx2.MockTransport(lambda request: _canned(answer))), asked)


def _timed(client: anthropic.Anthropic, asked: Sequence[Params]) -> float:
    began = time.process_time()
    for params in asked:
        _ask(client, params)
    return 1000 * (time.process_time() - began) / len(asked)


def _ask(client: anthropic.Anthropic, params: Params) -> None:
    answer = client.messages.create(**params)
    if params.get("stream"):
        assert list(answer)


def _canned(response: Response) -> httpx2.Response:
    headers = [(name, value) for name, value in response.headers if name.lower() != "transfer-encoding"]
    return httpx2.Response(response.status, headers=headers, content=response.body)


def _raw(transport: Any) -> httpx2.Client:
    return httpx2.Client(transport=transport)


def _client(stack: ExitStack, transport: Any) -> anthropic.Anthropic:
    make: Callable[..., anthropic.Anthropic] = anthropic.Anthropic
    return stack.enter_context(make(base_url=_URL, api_key=KEY, http_client=_raw(transport)))
