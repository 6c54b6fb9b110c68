"""A request as Vertex takes it, turned into the first-party one: model from the path, stream from the verb.

What Vertex does not offer: `model/validation/surfaces.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from windtunnel_server.call import Call
from windtunnel_server.model import models
from windtunnel_server.model.models import MODERN, Model
from windtunnel_server.model.problem import Problem, invalid
from windtunnel_server.wire.generation import generation

#: What `anthropic_version` in the body may say, and the API version that it means.
VERSIONS: Final[Mapping[str, str]] = {MODERN: MODERN, "vertex-2023-10-16": "2023-06-01"}

#: The one model whose name on Vertex is not its own name and date (public model list, 2025).
_RENAMED: Final[Mapping[str, str]] = {"claude-3-5-sonnet-v2@20241022": "claude-3-5-sonnet-20241022"}
#: Stands for the version that a model without one has.
_DEFAULT: Final = "default"

#: Regions that serve every model; the others stop at Sonnet 4.6 (wire.md 11.2).
EVERYWHERE: Final = frozenset({"global", "us", "eu"})
_LAST_REGIONAL: Final = (4, 6)


def find_model(name: str) -> Model | None:
    """Find a model by its name on Vertex, `claude-haiku-4-5@20251001`; None for none, first-party dates included."""
    if name in _RENAMED:
        return models.find(_RENAMED[name])
    bare, at, version = name.partition("@")
    if re.search(r"-\d{8}$", bare):
        return None
    if not at or version == _DEFAULT:
        return models.find(bare)
    return models.find(f"{bare}-{version}")


def name_of(model: Model) -> str:
    """Return a model's name on Vertex."""
    given = next((name for name, own in _RENAMED.items() if own == model.id), None)
    return given or re.sub(r"-(\d{8})$", r"@\1", model.id)


def is_served(model: Model, location: str) -> bool:
    """Say whether a place serves the model."""
    return location in EVERYWHERE or generation(model.id) <= _LAST_REGIONAL


def headers_for(call: Call, body: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Headers as the service behind the door looks at them: the betas of header and body."""
    betas = body.get("anthropic_beta")
    named = [beta for beta in betas if isinstance(beta, str)] if isinstance(betas, list) else []
    kept = tuple((name, value) for name, value in call.headers if name.lower() == "anthropic-beta")
    return (*kept, *(("anthropic-beta", beta) for beta in named))


def version_of(body: Mapping[str, Any]) -> str | Problem:
    """Return the API version that the body asks for (the words of a refusal are unverified)."""
    said = body.get("anthropic_version")
    if said is None:
        return invalid("anthropic_version", "Field required")
    if said not in VERSIONS:
        offered = " or ".join(f"'{version}'" for version in VERSIONS)
        return invalid("anthropic_version", f"Input should be {offered}")
    return VERSIONS[said]


def first_party(body: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is Vertex's own."""
    return {name: value for name, value in body.items() if name not in ("anthropic_version", "anthropic_beta")}
