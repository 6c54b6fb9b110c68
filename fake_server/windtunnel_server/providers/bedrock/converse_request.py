"""Requests of Converse as requests of the Messages API.

Shapes: the service model of `bedrock-runtime`. What has no counterpart (guardrails, performance, metadata) is passed
over; what a model of Anthropic's does not take is refused, in the recorded words where there are some.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from windtunnel_server.model.models import Model

#: Tells the words of a refusal from those of a model, which are led by others.
_NOT_SUPPORTED: Final = (
    "This model doesn't support the {} content block that you provided. Update the content block and try again."
)
_S3: Final = "This model doesn't support the s3Uri field. Remove s3Uri and try again."

#: Formats of documents that are text; of the others only PDF reaches the model as it is.
_TEXTS: Final = ("txt", "md", "csv", "html")

_INFERENCE: Final = {
    "maxTokens": "max_tokens",
    "temperature": "temperature",
    "topP": "top_p",
    "stopSequences": "stop_sequences",
}


class NotSupported(ValueError):
    """What Converse itself refuses, in its words."""


def first_party(body: Mapping[str, Any], *, model: Model, stream: bool) -> dict[str, Any]:
    """Write the request as the direct API has it.

    Raises NotSupported for what no model of Anthropic's takes; LookupError, TypeError or ValueError for shapes that are
    none of Converse's.
    """
    out: dict[str, Any] = {"model": model.id, "max_tokens": model.max_output}
    inference = body.get("inferenceConfig") or {}
    out |= {ours: inference[theirs] for theirs, ours in _INFERENCE.items() if theirs in inference}
    if not out.get("stop_sequences", True):
        del out["stop_sequences"]
    out["messages"] = [
        {"role": message["role"], "content": _blocks(message["content"])} for message in body.get("messages") or ()
    ]
    if body.get("system"):
        out["system"] = _blocks(body["system"])
    out |= _tools(body.get("toolConfig") or {}) | _output(body.get("outputConfig") or {})
    return _with_own_fields(out, body.get("additionalModelRequestFields") or {}) | {"stream": stream}


def betas_of(body: Any) -> frozenset[str]:
    """The betas a request names among the fields of the model."""
    fields = body.get("additionalModelRequestFields") if isinstance(body, Mapping) else None
    named = fields.get("anthropic_beta") if isinstance(fields, Mapping) else None
    return frozenset(str(beta) for beta in named) if isinstance(named, list) else frozenset()


def _with_own_fields(request: dict[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    own = {key: value for key, value in fields.items() if key != "anthropic_beta"}
    # An older name for it (recorded, 2025).
    if "reasoning_config" in own:
        own["thinking"] = own.pop("reasoning_config")
    if isinstance(own.get("output_config"), dict):
        own["output_config"] = {**request.get("output_config", {}), **own["output_config"]}
    return request | own


def _blocks(blocks: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Write content blocks; a cache point is a mark on the block before it."""
    out: list[dict[str, Any]] = []
    for block in blocks:
        if "cachePoint" in block:
            _mark(out, block["cachePoint"])
            continue
        # A union: one member is set.
        (name,) = [key for key in block if key in _BLOCKS] or [next(iter(block), "empty")]
        if name not in _BLOCKS:
            raise NotSupported(_NOT_SUPPORTED.format(name))
        out.append(_BLOCKS[name](block[name]))
    return out


def _mark(blocks: list[dict[str, Any]], point: Mapping[str, Any]) -> None:
    if not blocks:
        raise LookupError("a cachePoint has no content block before it")
    blocks[-1]["cache_control"] = {"type": "ephemeral", **({"ttl": point["ttl"]} if point.get("ttl") else {})}


def _image(image: Mapping[str, Any]) -> dict[str, Any]:
    source = image["source"]
    if "bytes" not in source:
        raise NotSupported(_S3)
    media_type = f"image/{image['format']}"
    return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": source["bytes"]}}


def _document(document: Mapping[str, Any]) -> dict[str, Any]:
    out = {"type": "document", "source": _document_source(document), "title": document["name"]}
    if document.get("context"):
        out["context"] = document["context"]
    if document.get("citations"):
        out["citations"] = document["citations"]
    return out


def _document_source(document: Mapping[str, Any]) -> dict[str, Any]:
    source, kind = document["source"], document.get("format", "txt")
    if "s3Location" in source:
        # Recorded: the model is handed a source without a type, and says so.
        return {}
    if "content" in source:
        return {"type": "content", "content": _blocks(source["content"])}
    if "text" in source:
        return _text_source(source["text"])
    if kind == "pdf":
        return {"type": "base64", "media_type": "application/pdf", "data": source["bytes"]}
    return _text_source(_decoded(source["bytes"]) if kind in _TEXTS else f"({kind} document)")


def _text_source(text: str) -> dict[str, Any]:
    return {"type": "text", "media_type": "text/plain", "data": text}


def _decoded(data: str) -> str:
    try:
        return base64.b64decode(data, validate=True).decode("utf-8", "replace")
    except binascii.Error as broken:
        raise ValueError(f"bytes are not base64 ({broken})") from broken


def _tool_use(use: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "tool_use", "id": use["toolUseId"], "name": use["name"], "input": use["input"]}


def _tool_result(result: Mapping[str, Any]) -> dict[str, Any]:
    shown = [part for part in result["content"] if not _is_stored(part)]
    out = {"type": "tool_result", "tool_use_id": result["toolUseId"], "content": _blocks(shown)}
    return out | ({"is_error": True} if result.get("status") == "error" else {})


def _is_stored(part: Mapping[str, Any]) -> bool:
    """Say whether this is a document kept elsewhere: in a tool's result the model never sees it (recorded)."""
    return "document" in part and "s3Location" in part["document"]["source"]


def _reasoning(reasoning: Mapping[str, Any]) -> dict[str, Any]:
    if "redactedContent" in reasoning:
        return {"type": "redacted_thinking", "data": reasoning["redactedContent"]}
    said = reasoning["reasoningText"]
    return {"type": "thinking", "thinking": said["text"], "signature": said.get("signature", "")}


def _cited(cited: Mapping[str, Any]) -> dict[str, Any]:
    return _text("".join(part.get("text", "") for part in cited.get("content") or ()))


def _search_result(result: Mapping[str, Any]) -> dict[str, Any]:
    out = {"type": "search_result", "source": result["source"], "title": result["title"]}
    if "citations" in result:
        out["citations"] = result["citations"]
    return out | {"content": [_text(part["text"]) for part in result["content"]]}


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


_BLOCKS: Final[Mapping[str, Callable[[Any], dict[str, Any]]]] = {
    "text": _text,
    "image": _image,
    "document": _document,
    "toolUse": _tool_use,
    "toolResult": _tool_result,
    "reasoningContent": _reasoning,
    "citationsContent": _cited,
    "searchResult": _search_result,
    "guardContent": lambda guarded: _text(guarded["text"]["text"]),
    "json": lambda value: _text(json.dumps(value, ensure_ascii=False)),
}


def _tools(config: Mapping[str, Any]) -> dict[str, Any]:
    tools: list[dict[str, Any]] = []
    for tool in config.get("tools") or ():
        if "cachePoint" in tool:
            _mark(tools, tool["cachePoint"])
        elif "toolSpec" in tool:
            tools.append(_tool(tool["toolSpec"]))
        else:
            # unverified: the words
            raise NotSupported(
                f"This model doesn't support the {next(iter(tool), 'empty')} tool. Remove it and try again."
            )
    out: dict[str, Any] = {"tools": tools} if tools else {}
    for name, choice in (config.get("toolChoice") or {}).items():
        out["tool_choice"] = {"type": name, **choice}
    return out


def _tool(spec: Mapping[str, Any]) -> dict[str, Any]:
    out = {"name": spec["name"], "input_schema": spec["inputSchema"]["json"]}
    return out | {key: spec[key] for key in ("description", "strict") if key in spec}


def _output(config: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {"effort": config["effort"]} if "effort" in config else {}
    if config.get("textFormat"):
        schema = json.loads(config["textFormat"]["structure"]["jsonSchema"]["schema"])
        out["format"] = {"type": "json_schema", "schema": schema}
    return {"output_config": out} if out else {}
