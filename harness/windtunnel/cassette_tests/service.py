"""Where the service may be that a cassette stands for: addresses that a test must not come to past it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from windtunnel.cassette.record.doors import DOORS, provider_of
from windtunnel.cassette.record.upstreams import upstreams
from windtunnel.guard import is_local

#: Host and port; the host is "" for this machine, by whatever name or number.
_Place: TypeAlias = tuple[str, int]
_PORTS: Final = {"http": 80, "https": 443}
_PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy")


@dataclass(frozen=True, slots=True)
class Service:
    """The hosts of all providers, where the environment says that they are, and the proxies on the way."""

    places: frozenset[_Place]
    proxies: frozenset[_Place]

    @classmethod
    def of(cls, environ: Mapping[str, str], *, provider: str = "anthropic") -> Service:
        """Read an environment as clients of all providers do, and as a recorder for `provider` does."""
        bases = [environ.get(variable, "") for door in DOORS.values() for variable in door.variables]
        proxies = [environ.get(name, "") for each in _PROXIES for name in (each, each.upper())]
        return cls(_places([*bases, *_recorded(environ, provider)]), _places(proxies))

    def __or__(self, other: Service) -> Service:
        return Service(self.places | other.places, self.proxies | other.proxies)

    def is_at(self, host: str, port: int | None) -> bool:
        """Say whether it may be there; without a port, whether that name is one of its own."""
        return _is_in(self.places, host, port) or (not is_local(host) and _is_official(host))

    def is_behind(self, host: str, port: int | None) -> bool:
        """Say whether that is a proxy, which may lead to it."""
        return _is_in(self.proxies, host, port)


def _recorded(environ: Mapping[str, str], provider: str) -> list[str]:
    if provider not in DOORS:
        return []
    try:
        return [upstream.origin for upstream in upstreams(environ, provider=provider).values()]
    except ValueError:  # an UpstreamError, or no address at all
        return []


def _places(urls: Iterable[str]) -> frozenset[_Place]:
    return frozenset(place for url in urls if (place := _place(url)) is not None)


def _place(url: str) -> _Place | None:
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    return None if not host else (_host(host), port or _PORTS.get(parts.scheme, 80))


def _host(host: str) -> str:
    return "" if is_local(host) else host.lower()


def _is_in(places: frozenset[_Place], host: str, port: int | None) -> bool:
    name = _host(host)
    if port is None:
        return name != "" and any(name == there for there, _ in places)
    return (name, port) in places


def _is_official(host: str) -> bool:
    return ":" not in host and provider_of(f"https://{host.rstrip('.')}/") != ""
