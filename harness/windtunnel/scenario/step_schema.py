"""The JSON Schema of a step, made from the tables that steps are read by."""

from __future__ import annotations

from typing import Any, Final

from windtunnel_server import placing
from windtunnel_server.faults import FAULTS
from windtunnel_server.script import ENDPOINTS, Stream
from windtunnel_server.wire.errors import KINDS

_NUMBER: Final = {"type": "number"}
_LIMITS: Final = {
    "type": "object",
    "properties": {"at_least": _NUMBER, "at_most": _NUMBER},
    "additionalProperties": False,
    "minProperties": 1,
}
_CONDITIONS: Final[dict[str, Any]] = {
    "model": {"type": "string", "description": "Model that was asked for; * and ? stand for anything"},
    "text": {"type": "string", "description": "Regular expression, searched for in what the user said last"},
    "system": {"type": "string", "description": "Regular expression, searched for in the system prompt"},
    "tool_result": {
        "type": ["boolean", "string"],
        "description": "Whether a tool's result is brought, or what it says",
    },
    "tokens": _LIMITS | {"description": "Input tokens"},
    "header": {"type": "object", "additionalProperties": {"type": ["boolean", "string"]}},
    "call": {
        "anyOf": [{"type": "integer", "minimum": 1}, {"type": "array", "items": {"type": "integer"}}, _LIMITS],
        "description": "Number of the call, counted from 1",
    },
    "provider": {"type": "string"},
    "stream": {"type": "boolean", "description": "Whether a stream is asked for"},
}

_PLACING: Final[dict[str, Any]] = {
    "times": {
        "anyOf": [{"type": "integer", "minimum": 1}, {"const": "forever"}],
        "description": "How often it is taken: 1 where nothing is said, forever with during or chance",
    },
    "on": {"enum": list(ENDPOINTS), "description": "The endpoint it answers"},
    "when": {
        "type": "object",
        "properties": {name: _CONDITIONS[name] for name in placing.CONDITIONS},
        "additionalProperties": False,
        "description": "The calls it is for",
    },
    "during": {
        "anyOf": [
            {"type": "object", "properties": {"from": _NUMBER, "until": _NUMBER}, "additionalProperties": False},
            {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2},
        ],
        "description": "Seconds on the clock between which it applies",
    },
    "chance": {"type": "number", "exclusiveMinimum": 0, "maximum": 1, "description": "Share of the calls that take it"},
}

_REPLY: Final[dict[str, Any]] = {
    "text": {"type": "string"},
    "content": {"type": "array", "items": {"type": "object", "required": ["type"]}},
    "tool_use": {
        "anyOf": [
            (
                call := {
                    "type": "object",
                    "required": ["name"],
                    "properties": {"name": {"type": "string"}, "input": {"type": "object"}, "id": {"type": "string"}},
                    "additionalProperties": False,
                }
            ),
            {"type": "array", "items": call},
        ]
    },
    "thinking": {"type": "string"},
    "stop_reason": {"type": "string"},
    "stop_sequence": {"type": "string"},
    "stop_details": {"type": "object"},
    "usage": {"type": "object"},
    "model": {"type": "string"},
    "id": {"type": "string"},
    "container": {"type": "object"},
    "context_management": {"type": "object"},
    "template": {"type": "boolean", "description": "Texts are Jinja templates over the request"},
}

_ERROR: Final[dict[str, Any]] = {
    "type": {"type": "string"},
    "message": {"type": "string"},
    "details": {"type": "object"},
    "retry_after": {"type": "number", "description": "Seconds"},
    "retry_after_ms": {"type": "number", "description": "Milliseconds"},
    "retry_after_date": {"type": "number", "description": "Seconds from now, sent as an HTTP date"},
    "should_retry": {"type": "boolean"},
    "headers": {"type": "object", "additionalProperties": {"type": "string"}},
}

_FAULT_OPTIONS: Final = sorted({name for fault in FAULTS.values() for name in fault.options})

STEP: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "fail": {
            "anyOf": [
                {"enum": [*KINDS, *FAULTS]},
                {"type": "integer", "minimum": 400, "maximum": 599, "description": "An HTTP status"},
            ],
            "description": "An error, a fault, or a status",
        },
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "reply": {
            "anyOf": [
                {"type": "string"},
                {"type": "object", "properties": _REPLY, "additionalProperties": False},
                {"type": "null"},
            ],
            "description": "What the model says; nothing: composed",
        },
        "stream": {
            "type": "object",
            "properties": {name: {"type": "number", "minimum": 0} for name in Stream.__dataclass_fields__},
            "additionalProperties": False,
            "description": "How a streamed reply is paced",
        },
        "faults": {
            "type": "array",
            "items": {"anyOf": [{"enum": list(FAULTS)}, {"type": "object", "minProperties": 1, "maxProperties": 1}]},
            "description": "Faults laid over it, in this order",
        },
        **_PLACING,
        **{name: {} for name in _FAULT_OPTIONS},
        **_REPLY,
        **_ERROR,
    },
    "anyOf": [{"required": ["fail"]}, {"required": ["status"]}, {"required": ["reply"]}],
    "additionalProperties": False,
}

STEP_OR_SEQUENCE: Final[dict[str, Any]] = {
    "anyOf": [
        STEP,
        {
            "type": "object",
            "properties": {
                "sequence": {"type": "array", "items": STEP, "description": "Steps that belong together"},
                "times": {"type": "integer", "minimum": 1},
                "when": _PLACING["when"],
                "during": _PLACING["during"],
            },
            "required": ["sequence"],
            "additionalProperties": False,
        },
    ]
}

_VARIABLE: Final = {"type": "string", "pattern": r"^\$\{\w+\}$"}
_SCALARS: Final = frozenset({"integer", "number", "boolean", "null"})


def with_variables(schema: dict[str, Any]) -> dict[str, Any]:
    """Let `${name}` stand for any number, word or truth value, and say what variables are."""
    loosened: dict[str, Any] = _loosened(schema)
    properties = loosened["properties"] | {
        "variables": {
            "type": "object",
            "additionalProperties": {"type": "array", "minItems": 1},
            "description": "Names and the values each takes; the scenario runs once for each combination",
        }
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | loosened | {"properties": properties}


def _loosened(value: Any) -> Any:
    if isinstance(value, list):
        return [_loosened(item) for item in value]
    if not isinstance(value, dict):
        return value
    out = {key: inner if key in ("default", "enum", "const") else _loosened(inner) for key, inner in value.items()}
    told = value.get("type")
    kinds = {told} if isinstance(told, str) else set(told) if isinstance(told, list) else set()
    if (kinds & _SCALARS and "string" not in kinds) or "enum" in value or "const" in value:
        return {"anyOf": [out, _VARIABLE]}
    return out
