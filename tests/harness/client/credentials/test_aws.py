"""Amazon's keys, as botocore finds them."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import botocore.session
import pytest

from windtunnel.client.credentials.aws import AwsKeys
from windtunnel.client.credentials.source import NoCredential


class Keys(NamedTuple):
    access_key: str
    secret_key: str = "hush"
    token: str | None = None


class Chain:
    """Stands for botocore: a session after the other, each with the keys it is told."""

    def __init__(self, *found: Keys | Exception | None) -> None:
        self.found = list(found)
        self.sessions = 0

    def get_session(self) -> Chain:
        self.sessions += 1
        return self

    def get_credentials(self) -> Chain | None:
        return None if self.found[0] is None else self

    def get_frozen_credentials(self) -> Keys:
        keys = self.found[0] if len(self.found) == 1 else self.found.pop(0)
        if isinstance(keys, Exception):
            raise keys
        assert keys is not None
        return keys


@pytest.fixture
def chain(monkeypatch: pytest.MonkeyPatch) -> Any:
    def put(*found: Keys | Exception | None) -> Chain:
        made = Chain(*found)
        monkeypatch.setattr(botocore.session, "get_session", made.get_session)
        return made

    return put


def run(what: Any) -> Any:
    return asyncio.run(what)


def test_keys_that_stay_are_one_credential(chain: Any) -> None:
    chain(Keys("AKIA1"))
    source = AwsKeys()

    first = run(source.fresh(None))

    assert first.arguments == {"aws_access_key": "AKIA1", "aws_secret_key": "hush", "aws_session_token": None}
    assert run(source.fresh(first)) is first


def test_keys_that_botocore_has_renewed_are_another(chain: Any) -> None:
    chain(Keys("ASIA1", token="t1"), Keys("ASIA2", token="t2"))
    source = AwsKeys()
    first = run(source.fresh(None))

    assert run(source.fresh(first)).arguments["aws_session_token"] == "t2"


def test_another_is_looked_for_in_a_session_of_its_own(chain: Any) -> None:
    found = chain(Keys("ASIA1"), Keys("ASIA2"))
    source = AwsKeys()

    other = run(source.another(run(source.fresh(None)), "expired"))

    assert other.arguments["aws_access_key"] == "ASIA2"
    assert found.sessions == 2


def test_the_same_keys_again_are_no_other(chain: Any) -> None:
    chain(Keys("AKIA1"))
    source = AwsKeys()

    assert run(source.another(run(source.fresh(None)), "invalid")) is None


def test_an_empty_chain_says_what_to_set(chain: Any) -> None:
    chain(None)

    with pytest.raises(NoCredential, match="AWS_ACCESS_KEY_ID"):
        run(AwsKeys().fresh(None))


def test_after_a_failure_the_chain_is_begun_anew(chain: Any) -> None:
    found = chain(OSError("no portal"), Keys("ASIA1"))
    source = AwsKeys()

    with pytest.raises(OSError, match="no portal"):
        run(source.fresh(None))

    assert run(source.fresh(None)).secret == "hush"
    assert found.sessions == 2
