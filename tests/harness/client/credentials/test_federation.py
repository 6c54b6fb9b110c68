"""A workload's assertion, exchanged by the SDK's own means."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from anthropic.lib.credentials import AccessToken, WorkloadIdentityError

from windtunnel import Windtunnel, fail
from windtunnel.client.core import AsyncClient
from windtunnel.client.credentials.federation import Federation
from windtunnel.client.credentials.source import Credential, NoCredential
from windtunnel_server.settings import Settings


class Provider:
    def __init__(self, *errors: Exception, lives_s: float = 3600) -> None:
        self.errors, self.lives_s = list(errors), lives_s
        self.forced: list[bool] = []

    def __call__(self, *, force_refresh: bool = False) -> AccessToken:
        self.forced.append(force_refresh)
        if self.errors:
            raise self.errors.pop(0)
        return AccessToken(f"token {len(self.forced)}", int(time.time() + self.lives_s))


def made(provider: Provider) -> Federation:
    return Federation(provider, lambda token, ends: Credential({}, token, ends))


def run(what: Any) -> Any:
    return asyncio.run(what)


def test_a_token_is_exchanged_anew_shortly_before_it_ends() -> None:
    long, short = Provider(), Provider(lives_s=59)
    for provider in (long, short):
        source = made(provider)
        run(source.fresh(run(source.fresh(None))))

    assert (len(long.forced), len(short.forced)) == (1, 2)


def test_another_is_not_what_the_provider_has_kept() -> None:
    provider = Provider()

    run(made(provider).another(None, "refused"))

    assert provider.forced == [True]


@pytest.mark.parametrize(("status", "expected"), [(400, NoCredential), (500, WorkloadIdentityError)])
def test_what_no_waiting_changes_is_told_from_what_may_pass(status: int, expected: type[Exception]) -> None:
    with pytest.raises(expected):
        run(made(Provider(WorkloadIdentityError("no", status_code=status))).fresh(None))


def test_a_profile_may_stand_for_a_workload(asking: Any, tmp_path: Path) -> None:
    with Windtunnel(fail("oauth_expired"), settings=Settings(credential="federation")) as tunnel:
        env, rule = tunnel.env, tunnel.fake.oauth.workload.rule
        authentication = {
            "type": "oidc_federation",
            "federation_rule_id": rule.id,
            "service_account_id": rule.service_account_id,
            "identity_token": {"source": "file", "path": env["ANTHROPIC_IDENTITY_TOKEN_FILE"]},
        }
        config = {"authentication": authentication, "organization_id": rule.organization_id, "base_url": tunnel.url}
        (tmp_path / "configs").mkdir()
        (tmp_path / "configs" / "work.json").write_text(json.dumps(config), encoding="utf-8")

        async def play() -> str:
            environ = {
                "ANTHROPIC_CONFIG_DIR": str(tmp_path),
                "ANTHROPIC_PROFILE": "work",
                "ANTHROPIC_BASE_URL": tunnel.url,
            }
            async with AsyncClient.from_env(environ) as client:
                return (await client.send(asking())).id

        assert run(play()).startswith("msg_")
        assert [call.status for call in tunnel.journal.calls if call.path == "/v1/oauth/token"] == [200, 200]
