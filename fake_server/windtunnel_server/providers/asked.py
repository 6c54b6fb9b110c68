"""A call as far as a door has understood it: its parts, its body, and the marks its answer will carry."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from urllib.parse import parse_qs

from windtunnel_server.call import Call
from windtunnel_server.model.problem import Problem
from windtunnel_server.wire import headers
from windtunnel_server.wire.ids import Ids


@dataclass(frozen=True, slots=True)
class Asked:
    """A call, and what its answer is made with."""

    call: Call
    rng: Random
    stamp: headers.Stamp
    ids: Ids
    #: Parts of the path, by name.
    found: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    #: Whose prompts the cache keeps apart from others': a workspace, project, account or resource. Credentials come and
    #: go; it stays.
    workspace: str = ""

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(self.call.query, keep_blank_values=True)

    @property
    def betas(self) -> frozenset[str]:
        """The betas it names, in however many headers."""
        named = [value for name, value in self.call.headers if name.lower() == "anthropic-beta"]
        return frozenset(beta.strip() for value in named for beta in value.split(",") if beta.strip())


def read_json(call: Call) -> Problem | None:
    """Parse the body of a POST into `call.json`."""
    if call.method != "POST" or (not call.body and call.path.endswith("/cancel")):
        return None
    try:
        call.json = _JSON.decode(call.body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        return Problem("invalid_json", f"The request body is not valid JSON: {error}")
    return None


def _no_constant(name: str) -> Any:
    raise ValueError(f"unexpected literal {name}")


#: Made once: `json.loads` with an option makes a decoder for every body.
_JSON: Final = json.JSONDecoder(parse_constant=_no_constant)
