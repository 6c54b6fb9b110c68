"""What the service refuses before it asks a model, in its words.

In this order (the real one is unverified): the shape of the request, key by key; its betas; the model's name; then the rules that
look at more than one place (`index.py`). The first fault is the answer.

Of what was looked at before only the tools are remembered: the digest by which a message would be found again costs as
much as looking at it does (measured).
"""

from __future__ import annotations

from functools import lru_cache

from windtunnel_server.model.models import Model, find
from windtunnel_server.model.problem import Problem, invalid
from windtunnel_server.model.validation import betas
from windtunnel_server.model.validation.index import CHECKED
from windtunnel_server.model.validation.request import ANSWERABLE, REQUEST
from windtunnel_server.model.validation.rule import Asked, Check
from windtunnel_server.model.validation.terms import Endpoint, Terms

__all__ = ["Endpoint", "Terms", "check"]


def check(request: object, terms: Terms) -> Problem | None:
    """Refuse what the service refuses; None for a request that may go on."""
    fault = (REQUEST if terms.strict else ANSWERABLE)(request, terms)
    if fault is not None:
        return invalid(*fault)
    assert isinstance(request, dict)
    strange = betas.unexpected(terms)
    if strange is not None:
        return strange
    model = _found(request["model"], terms)
    if model is None:
        return Problem("model_not_found", f"model: {request['model']}")
    asked = Asked(request, terms, model)
    for rule in _asked_under(terms):
        problem = next(rule(asked), None)
        if problem is not None:
            return problem
    return None


def _found(name: str, terms: Terms) -> Model | None:
    model = find(name)
    if model is None or terms.models_as_of is None or model.retires is None:
        return model
    return None if model.retires <= terms.models_as_of else model


@lru_cache
def _asked_under(terms: Terms) -> tuple[Check, ...]:
    return tuple(rule.check for rule in CHECKED if rule.is_on(terms) and rule.check is not None)
