"""Where each door of a recorder leads, and what is told to clients so that they come to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from windtunnel.cassette.record.doors import DOORS, Door

LOOPBACK: Final = "127.0.0.1,localhost,::1"

_SCOPE: Final = re.compile(r"AWS4-HMAC-SHA256\s+Credential=[^/]+/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
_PLACE: Final = re.compile(r"/locations/(?P<region>[^/]+)/")
_MODELS: Final = re.compile(r"/(model|guardrail|async-invoke)\b")
#: Some places of Vertex have names of their own (wire.md 1.5).
_VERTEX: Final = {
    "global": "aiplatform.googleapis.com",
    "us": "aiplatform.us.rep.googleapis.com",
    "eu": "aiplatform.eu.rep.googleapis.com",
}
_DEFAULTS: Final = {"ANTHROPIC_GOOGLE_CLOUD_LOCATION": "global"}
#: What also leads a client of the provider to an address, and what stands in for a word of it.
_ALSO: Final[Mapping[str, tuple[str, ...]]] = {
    "bedrock": ("AWS_ENDPOINT_URL",),
    "ANTHROPIC_GOOGLE_CLOUD_PROJECT": ("GOOGLE_CLOUD_PROJECT",),
}


class UpstreamError(ValueError):
    """Where a request should go cannot be told. Says what is missing and how to give it."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """The origin behind a door, which may depend on the request; `path` is what clients have in their base address."""

    origin: str
    path: str = ""
    #: The region of a client that does not name one.
    region: str | None = None

    def origin_for(self, path: str, authorization: str | None) -> str:
        """Return "https://host" for a request with that path, behind the door, and that Authorization header."""
        words = {
            "bedrock": "bedrock-runtime" if _MODELS.match(path) else "bedrock",
            "region": _region(authorization) or self.region,
            "vertex": _vertex_host(path),
        }
        missing = next((name for name, value in words.items() if f"{{{name}}}" in self.origin and not value), None)
        if missing is not None:
            what = "AWS_REGION" if missing == "region" else "a path with /locations/REGION/"
            raise UpstreamError(f"{self.origin}{path}: which {missing}? give --upstream, or {what}")
        return self.origin.format_map(words)

    def is_at(self, host: str, path: str, authorization: str | None, *, own: str) -> bool:
        """Say whether a Host header is this upstream's: as it is, or with the port of the recorder, to which its name led.

        `own` is the recorder's own "host:port".
        """
        try:
            there = urlsplit(self.origin_for(path, authorization))
        except UpstreamError:
            return False
        by_name = f"{there.hostname}:{own.rpartition(':')[2]}"
        return host != own and host.lower() in (there.netloc.lower(), by_name)


@dataclass(frozen=True, slots=True)
class Pointing:
    """What makes a client come to the recorder, and where it is sent on to."""

    upstreams: Mapping[str, Upstream]
    #: Base addresses by provider, and variables to set and to take away.
    urls: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    taken_away: tuple[str, ...] = ()

    def applied(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Return the variables of a command that starts with those of `environ`."""
        return {name: value for name, value in environ.items() if name not in self.taken_away} | dict(self.env)


def upstreams(
    environ: Mapping[str, str], *, provider: str | None = None, url: str | None = None
) -> dict[str, Upstream]:
    """Return where each provider's door leads: to `url` for `provider`, else where the environment says, else home.

    Without `provider` all doors are opened of which the address can be told. Raises UpstreamError where it cannot.
    """
    names = list(DOORS) if provider is None else [provider]
    found: dict[str, Upstream] = {}
    for name in names:
        given = url if name == (provider or "anthropic") else None
        try:
            found[name] = _upstream(name, environ, given)
        except UpstreamError:
            if provider is not None or given is not None:
                raise
    return found


def point(address: str, opened: Mapping[str, Upstream], environ: Mapping[str, str]) -> Pointing:
    """Say what clients of the opened doors are told; `address` is the recorder's own."""
    urls = {name: address + DOORS[name].prefix + upstream.path for name, upstream in opened.items()}
    env = {variable: url for name, url in urls.items() for variable in DOORS[name].variables}
    away = tuple(variable for name in opened for variable in DOORS[name].excluded if variable in environ)
    return Pointing(opened, urls, {**env, **_no_proxy(environ)}, away)


def _upstream(name: str, environ: Mapping[str, str], given: str | None) -> Upstream:
    door = DOORS[name]
    base = given or _from_environment(name, door, environ) or _filled(door.base_url, environ)
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise UpstreamError(f"{base}: give an address as https://host, with a path if there is one")
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    return Upstream(f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/"), region)


def _from_environment(name: str, door: Door, environ: Mapping[str, str]) -> str | None:
    return next((environ[key] for key in (*door.variables, *_ALSO.get(name, ())) if environ.get(key)), None)


def _filled(base: str, environ: Mapping[str, str]) -> str:
    """Put what the environment says into an address; words in small letters are left for the request to say."""
    for name in re.findall(r"\{([A-Z_]+)\}", base):
        value = next((environ[key] for key in (name, *_ALSO.get(name, ())) if environ.get(key)), _DEFAULTS.get(name))
        if value is None:
            raise UpstreamError(f"{base}: set {name}, or give --upstream")
        base = base.replace(f"{{{name}}}", value)
    return base


def _region(authorization: str | None) -> str | None:
    found = _SCOPE.match(authorization or "")
    return found and found["region"]


def _vertex_host(path: str) -> str | None:
    found = _PLACE.search(path)
    return found and _VERTEX.get(found["region"], f"{found['region']}-aiplatform.googleapis.com")


def _no_proxy(environ: Mapping[str, str]) -> dict[str, str]:
    """No proxy stands between the command and the recorder; what went past it before still does."""
    names: Iterable[str] = ("NO_PROXY", "no_proxy")
    return {name: ",".join(filter(None, (environ.get(name), LOOPBACK))) for name in names}
