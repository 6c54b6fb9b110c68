"""The variables that point a client at the fake, and those that would lead it elsewhere."""

from __future__ import annotations

#: Looks like a key, is none, and says so to whoever finds it.
API_KEY = "sk-ant-api03-windtunnel-not-a-real-key-0000000000000000-AA"

#: Variables that change where a client goes or whom it says it is. They are taken away while a test runs.
MISLEADING = (
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_PROFILE",
    "ANTHROPIC_CONFIG_DIR",
    "ANTHROPIC_CUSTOM_HEADERS",
    "ANTHROPIC_FEDERATION_RULE_ID",
    "ANTHROPIC_IDENTITY_TOKEN",
    "ANTHROPIC_IDENTITY_TOKEN_FILE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
)

_LOOPBACK = "127.0.0.1,localhost,::1"


def anthropic(url: str, api_key: str) -> dict[str, str]:
    """What a client of the direct API reads. No proxy stands between it and loopback."""
    return {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": api_key,
        "NO_PROXY": _LOOPBACK,
        "no_proxy": _LOOPBACK,
    }
