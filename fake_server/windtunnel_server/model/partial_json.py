"""The rest of a JSON text that was begun: what a model writes that was given its first characters."""

from __future__ import annotations

import json

_CLOSES = {"{": "}", "[": "]"}


def rest(begun: str, text: str) -> str | None:
    """Complete a JSON object or array with `text` at the place it was left at; None where it is no beginning of one."""
    if not begun.lstrip().startswith(("{", "[")):
        return None
    opened, in_string = _state(begun)
    closing = "".join(_CLOSES[sign] for sign in reversed(opened))
    value = json.dumps(text, ensure_ascii=False)
    tries = [f"{value[1:]}{closing}", f"{value[1:]}: {value}{closing}"] if in_string else []
    tries += [f"{written}{closing}" for written in (value, f'"reply": {value}', f": {value}", "")]
    return next((tried for tried in tries if _is_json(begun + tried)), None)


def _state(begun: str) -> tuple[list[str], bool]:
    """Tell which brackets are open, and whether a string is."""
    opened: list[str] = []
    in_string = escaped = False
    for sign in begun:
        if in_string:
            in_string, escaped = sign != '"' or escaped, sign == "\\" and not escaped
        elif sign == '"':
            in_string = True
        elif sign in _CLOSES:
            opened.append(sign)
        elif opened and sign == _CLOSES[opened[-1]]:
            opened.pop()
    return opened, in_string


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
