"""Reads a call of any door without refusing it: which endpoint it is for, and its request in first-party words.

For calls that are answered from a recording: what was let in then is not held to the checks of the fake.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote

from windtunnel_server.call import Call
from windtunnel_server.providers.asked import read_json

#: Ends of paths and the endpoints they are for, as a script names those (wire.md 1); the first that fits.
_ENDPOINTS: Final = tuple(
    (re.compile(pattern), endpoint)
    for pattern, endpoint in (
        (r"/v1/messages/batches(/.*)?$", "batches"),
        (r"/(count_tokens|count-tokens|count-tokens:rawPredict)$", "count_tokens"),
        (r"/v1/messages$|/(invoke|invoke-with-response-stream|converse|converse-stream)$", "messages"),
        (r":(rawPredict|streamRawPredict)$", "messages"),
        (r"/(v1/models|inference-profiles|foundation-models)(/.*)?$", "models"),
        (r"/v1/oauth/token$", "token"),
    )
)
_BEDROCK: Final = re.compile(r"/model/(?P<model>.+)/(?P<operation>[a-z-]+)$")
_VERTEX: Final = re.compile(r"/models/(?P<model>[^/]+):(?P<verb>rawPredict|streamRawPredict)$")
_STREAMED: Final = ("invoke-with-response-stream", "converse-stream", "streamRawPredict")


@lru_cache(maxsize=256)
def endpoint_of(path: str) -> str:
    """Return the endpoint that a path is for; "any" for one that no script has a name for."""
    return next((endpoint for pattern, endpoint in _ENDPOINTS if pattern.search(path)), "any")


def request_of(call: Call) -> Any:
    """Return the body in first-party words, as far as that goes; None for a body that is no JSON."""
    json, call.json = call.json, None
    unread = read_json(call)
    body, call.json = call.json, json
    if unread is not None or not isinstance(body, Mapping):
        return body
    path = call.route or call.path
    if (found := _BEDROCK.search(path)) is not None:
        return _of_bedrock(body, unquote(found["model"]), found["operation"])
    if (found := _VERTEX.search(path)) is not None:
        return _of_vertex(body, unquote(found["model"]), found["verb"])
    return body


def _of_bedrock(body: Mapping[str, Any], name: str, operation: str) -> Any:
    from windtunnel_server.providers.bedrock import converse_request, models, requests

    known, stream = models.find(name), operation in _STREAMED
    if not operation.startswith("converse"):
        model = name if known is None else known.named.model.id
        return requests.first_party(body, model=model, stream=stream)
    if known is None:
        return {"model": name, **body, "stream": stream}
    try:
        return converse_request.first_party(body, model=known.named.model, stream=stream)
    except (LookupError, TypeError, ValueError, AttributeError):
        return {"model": name, **body, "stream": stream}


def _of_vertex(body: Mapping[str, Any], name: str, verb: str) -> Any:
    from windtunnel_server.providers.vertex.request import find_model

    known = find_model(name)
    return {"model": name if known is None else known.id, **body, "stream": verb in _STREAMED}
