"""Policies in the words of a scenario file.

There, times have no unit in their names: `base: 1` is `base_s=1.0`. All of them are seconds.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from typing import Any, Literal, TypeAlias, get_args, get_origin, get_type_hints

from windtunnel._hints import RetryAfter
from windtunnel.policies._clients import POLICIES, find
from windtunnel.policies._errors import PolicyError, unknown_word
from windtunnel.policies._jitter import Jitter
from windtunnel.policies._json import PARTS
from windtunnel.policies._policy import Policy

#: How a scenario file says that there is none; the first is written.
_NONE: Mapping[str, tuple[str, ...]] = {"retry_after": ("ignored", "none")}
_SOURCE = "given by the user"

Reader: TypeAlias = Callable[[Any, str], Any]


def resolve(value: str | Mapping[str, Any] | Policy, where: str = "policy") -> Policy:
    """Return the policy that is meant: by name, spelt out in the words of a scenario file, or one already."""
    if isinstance(value, Policy):
        return value
    if isinstance(value, Mapping):
        return policy_from_mapping(value, where)
    if isinstance(value, str):
        return find(value)
    raise PolicyError(
        f"{where}: {value!r} is neither the name of a policy nor a mapping; write base: 1, max_retries: 3"
    )


def policy_from_mapping(value: Mapping[str, Any], where: str = "expect.backoff") -> Policy:
    """Read a policy in the words of a scenario file, all times in seconds.

    `{"base": 1, "factor": 2, "cap": 30, "jitter": "full", "max_retries": 3}`; with `like: anthropic_python` the rest
    are changes to that one. `where` is said in errors.
    """
    given = dict(value)
    liked = given.pop("like", None)
    if liked is None:
        _needed(given, where)
        start: dict[str, Any] = {"name": "custom", "source": _SOURCE, "max_retries": 2}
        return Policy(**start | _read(Policy, given, where, extra=("like",)))
    like = resolve(liked, f"{where}.like")
    named = {"name": f"{like.name}, changed"} if given else {}
    return replace(like, **named | _read(Policy, given, where, like, extra=("like",)))


def to_mapping(policy: Policy) -> dict[str, Any]:
    """Return the policy in the words of a scenario file; what is as by default is left out."""
    usual = {"name": "custom", "source": _SOURCE}
    return {word: one for word, one in _written(policy).items() if usual.get(word) != one}


def _needed(given: Mapping[str, Any], where: str) -> None:
    unknown = next((word for word in given if word not in _words(Policy)), None)
    if unknown is not None:
        raise unknown_word(unknown, ["like", *_words(Policy)], where)
    if "base" not in given:
        raise PolicyError(
            f"{where}: base is missing, the first delay in seconds; or write like: {next(iter(POLICIES))}"
        )


def _words(kind: type[Any]) -> dict[str, Field[Any]]:
    return {field.name.removesuffix("_s"): field for field in fields(kind)}


def _read(
    kind: type[Any], given: Mapping[str, Any], where: str, like: Any = None, extra: tuple[str, ...] = ()
) -> dict[str, Any]:
    words, hints = _words(kind), get_type_hints(kind)
    found: dict[str, Any] = {}
    for word, value in given.items():
        if word not in words:
            raise unknown_word(word, [*extra, *words], where)
        name = words[word].name
        here = f"{where}.{word}"
        if name == "jitter":
            found[name] = _jitter(value, here)
        elif name in PARTS:
            found[name] = _read_part(name, value, here, None if like is None else getattr(like, name))
        else:
            endless = value == "none" and words[word].default == math.inf
            found[name] = math.inf if endless else _reader(hints[name])(value, here)
    return found


def _read_part(name: str, value: Any, where: str, like: Any) -> Any:
    kind = PARTS[name]
    if value is None or value in _NONE.get(name, ("none",)):
        return None
    if name == "retry_after" and value == "honoured":
        return RetryAfter() if like is None else like
    if not isinstance(value, Mapping):
        raise PolicyError(f"{where}: {value!r} is not a mapping (its words: {', '.join(_words(kind))})")
    if like is not None:
        return replace(like, **_read(kind, value, where, like))
    missing = [word for word, field in _words(kind).items() if field.default is MISSING and word not in value]
    if missing:
        raise PolicyError(f"{where}: {missing[0]} is missing")
    return kind(**_read(kind, value, where))


def _jitter(value: Any, where: str) -> Jitter:
    kinds = get_args(get_type_hints(Jitter)["kind"])
    shared = [kind for kind in kinds if kind not in ("none", "full")]
    if isinstance(value, str):
        if value in shared:
            raise PolicyError(f"{where}: {value} of how much? write {{{value}: 0.25}} for 25 %")
        return Jitter(_choice(kinds)(value, where))
    if not isinstance(value, Mapping) or len(value) != 1:
        raise PolicyError(f"{where}: {value!r} is not none, full, or one of {', '.join(shared)} with a share")
    ((kind, share),) = value.items()
    if kind not in shared:
        raise unknown_word(kind, shared, where)
    return Jitter(kind, _number(share, f"{where}.{kind}"))


def _written(value: Any) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for word, field in _words(type(value)).items():
        one = getattr(value, field.name)
        if field.default is MISSING or one != field.default:
            out[word] = _write(field.name, one)
    return out


def _write(name: str, value: Any) -> Any:
    if value is None:
        return _NONE.get(name, ("none",))[0]
    if isinstance(value, Jitter):
        return value.kind if value.kind in ("none", "full") else {value.kind: value.share}
    if is_dataclass(value):
        return _written(value)
    if isinstance(value, frozenset):
        return sorted(value)
    return "none" if isinstance(value, float) and math.isinf(value) else value


# --- values ------------------------------------------------------------------------------------------------------


def _reader(hint: Any) -> Reader:
    if get_origin(hint) is Literal:
        return _choice(get_args(hint))
    if get_origin(hint) is frozenset:
        return _set_of(get_args(hint)[0])
    if isinstance(hint, types.UnionType):
        return lambda value, where: None if value in (None, "none") else _whole(value, where)
    return {int: _whole, float: _number, str: _text}[hint]


def _choice(words: tuple[str, ...]) -> Reader:
    def read(value: Any, where: str) -> Any:
        if value not in words:
            raise unknown_word(value, words, where)
        return value

    return read


def _set_of(kind: type[Any]) -> Reader:
    def read(value: Any, where: str) -> Any:
        if not isinstance(value, list | tuple | set | frozenset):
            raise PolicyError(f"{where}: {value!r} is not a list; write [{value}]")
        return frozenset((_whole if kind is int else _text)(one, where) for one in value)

    return read


def _whole(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise PolicyError(f"{where}: {value!r} is not a whole number from 0 up")
    return value


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise PolicyError(f"{where}: {value!r} is not a number from 0 up")
    return float(value)


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise PolicyError(f"{where}: {value!r} is not text; put it in quotes")
    return value
