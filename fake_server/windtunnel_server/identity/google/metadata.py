"""The metadata server of a machine in Google's cloud: which project it is in, and tokens for its service account.

Clients are given a host and no path for it (`GCE_METADATA_HOST`, `GCE_METADATA_IP`): it stands beside the doors.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Final
from urllib.parse import parse_qs

from windtunnel_server.call import Call
from windtunnel_server.identity.google import SCOPE, Google, Issued
from windtunnel_server.identity.google.answers import (
    ENDPOINT,
    METADATA,
    Refusal,
    Take,
    failed,
    handed_out,
    plain,
    refused,
    told,
)
from windtunnel_server.plan import Plan

_ROOT: Final = "/computeMetadata/v1/"
_ACCOUNTS: Final = "instance/service-accounts/"
#: The server keeps a token and hands it out again until so many seconds before its end (documented as five minutes).
_KEPT_UNTIL_S: Final = 300.0


class GoogleMetadata:
    """The issuer."""

    name = "google_metadata"

    def __init__(self, google: Google) -> None:
        self._google = google
        self._kept: Issued | None = None

    def is_for(self, call: Call) -> bool:
        asks_who_is_there = call.path == "/" and call.header("metadata-flavor") == "Google"
        return asks_who_is_there or call.path.startswith("/computeMetadata/")

    def answer(self, call: Call, take: Take, random: Random) -> Plan:
        if call.header("metadata-flavor") != "Google":
            return refused(Refusal(403, "", "Your client does not have permission to get this URL."), plain)
        if call.path in ("/", "/computeMetadata", "/computeMetadata/", _ROOT):
            return told("computeMetadata/\n", content_type="text/html", headers=METADATA)
        rest = call.path.removeprefix(_ROOT)
        if rest.startswith(_ACCOUNTS):
            account, _, what = rest.removeprefix(_ACCOUNTS).partition("/")
            return self._account(call, account, what, take)
        texts = self._texts()
        if rest not in texts:
            return refused(Refusal(404, "", "The requested URL was not found on this server."), plain)
        return told(texts[rest], content_type="application/text", headers=METADATA)

    def reset(self) -> None:
        """Forget the token that is kept."""
        self._kept = None

    def _texts(self) -> Mapping[str, str]:
        return {
            "project/project-id": self._google.project_id,
            "project/numeric-project-id": self._google.project_number,
            "instance/zone": f"projects/{self._google.project_number}/zones/us-central1-a",
            "instance/id": self._google.project_number,
            "universe/universe-domain": "googleapis.com",
            "universe/universe_domain": "googleapis.com",
        }

    def _account(self, call: Call, account: str, what: str, take: Take) -> Plan:
        if account not in ("default", self._google.email):
            return refused(Refusal(404, "", "The requested URL was not found on this server."), plain)
        if what == "token":
            return self._token(call, take)
        if what == "email":
            return told(self._google.email, content_type="application/text", headers=METADATA)
        if what == "scopes":
            return told(f"{SCOPE}\n", content_type="application/text", headers=METADATA)
        if what:
            return refused(Refusal(404, "", "The requested URL was not found on this server."), plain)
        if parse_qs(call.query).get("recursive", [""])[0].lower() != "true":
            return told("aliases\nemail\nscopes\ntoken\n", content_type="application/text", headers=METADATA)
        said = {"aliases": ["default"], "email": self._google.email, "scopes": [SCOPE]}
        return told(said, content_type="application/json", headers=METADATA)

    def _token(self, call: Call, take: Take) -> Plan:
        step = take(ENDPOINT)
        if step is not None and step.error is not None:
            return failed(step.error, plain, self._google.now())
        kept = self._kept
        if kept is None or not self._google.is_good(kept.access_token, for_s=_KEPT_UNTIL_S):
            kept = self._kept = self._google.issue()
        left = kept.expires_in - int(self._google.now() - (kept.expires_at - self._google.lifetime_s))
        said = {"access_token": kept.access_token, "expires_in": left, "token_type": "Bearer"}
        return handed_out(said, headers=METADATA)
