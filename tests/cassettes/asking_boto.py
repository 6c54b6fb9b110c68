"""boto3, made to ask what an interaction with Bedrock asks, and what it makes of the answer."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from windtunnel.cassette.interaction import Interaction

from . import reading
from .asking import Seen, is_converse, is_stream, model


def by_boto(client: Any, interaction: Interaction) -> Seen:
    """Ask with boto3: Converse in its own words, the rest by `invoke_model`."""
    ask = _converse if is_converse(interaction) else _invoke
    try:
        return ask(client, interaction)
    except ClientError as error:
        return {**_request_id(error.response), "error": _error(error)}


def _request_id(answer: Mapping[str, Any]) -> Seen:
    found = answer["ResponseMetadata"].get("RequestId")
    return {} if found is None else {"request_id": found}


def _error(error: ClientError) -> Seen:
    said, status = error.response["Error"], error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    told = {"class": type(error).__name__, "type": said["Code"], "message": reading.told(said["Message"])}
    return told if status is None else {**told, "status": status}


def _heard(stream: Iterable[Any]) -> tuple[list[Any], Seen]:
    """Hear a stream to its end, whichever that is."""
    events: list[Any] = []
    try:
        events += stream
    except ClientError as error:
        return events, {"error": _error(error)}
    return events, {}


def _converse(client: Any, interaction: Interaction) -> Seen:
    asked = json.loads(interaction.request.body, object_hook=_unwrapped)
    if is_stream(interaction):
        answer = client.converse_stream(modelId=model(interaction), **asked)
        events, end = _heard(answer["stream"])
        return {**_request_id(answer), **_put_together(events), **end}
    answer = client.converse(modelId=model(interaction), **asked)
    content = [reading.converse_block(block) for block in answer["output"]["message"]["content"]]
    said = {"stop_reason": answer["stopReason"], "content": content, "usage": answer["usage"]}
    return {**_request_id(answer), **said}


def _unwrapped(value: dict[str, Any]) -> dict[str, Any]:
    """Return what botocore wants where JSON has base64: it encodes bytes itself."""
    if isinstance(value.get("bytes"), str):
        value["bytes"] = base64.b64decode(value["bytes"])
    return value


def _put_together(events: list[dict[str, Any]]) -> Seen:
    """Make a message of a stream's events: boto3 leaves that to its users."""
    names = [next(iter(event)) for event in events]
    said = dict(zip(names, (next(iter(event.values())) for event in events), strict=True))
    seen: Seen = {
        "stop_reason": said.get("messageStop", {}).get("stopReason"),
        "content": [reading.converse_block(block) for block in _blocks(events)],
        "events": reading.in_runs(names),
    }
    return seen | ({"usage": said["metadata"]["usage"]} if "metadata" in said else {})


def _blocks(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    blocks: dict[int, dict[str, Any]] = {}
    for event in events:
        if "contentBlockStart" in event:
            start = event["contentBlockStart"]
            blocks[start["contentBlockIndex"]] = {"toolUse": {**start["start"]["toolUse"], "input": ""}}
        elif "contentBlockDelta" in event:
            delta = event["contentBlockDelta"]
            _add(blocks.setdefault(delta["contentBlockIndex"], {}), delta["delta"])
    for block in blocks.values():
        if "toolUse" in block:
            block["toolUse"]["input"] = json.loads(block["toolUse"]["input"])
    return [blocks[index] for index in sorted(blocks)]


def _add(block: dict[str, Any], delta: Mapping[str, Any]) -> None:
    for name, value in delta.items():
        if isinstance(value, Mapping):
            _add(block.setdefault(name, {}), value)
        else:
            block[name] = block[name] + value if name in block else value


def _invoke(client: Any, interaction: Interaction) -> Seen:
    asked = {"modelId": model(interaction), "body": interaction.request.body}
    if not is_stream(interaction):
        answer = client.invoke_model(**asked)
        return {**_request_id(answer), **reading.message(json.load(answer["body"]))}
    answer = client.invoke_model_with_response_stream(**asked)
    events, end = _heard(answer["body"])
    said = [json.loads(event["chunk"]["bytes"]) for event in events]
    return {**_request_id(answer), **_head(said), "events": reading.in_runs(one["type"] for one in said), **end}


def _head(events: list[dict[str, Any]]) -> Seen:
    """Tell what stands in the first event: the rest are the SDK's to put together."""
    first = events[0]["message"]
    return {"message": first["id"], "model": first["model"]}
