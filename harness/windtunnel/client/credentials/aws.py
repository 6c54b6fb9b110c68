"""Amazon's keys: the chain of botocore, asked off the loop, and begun anew when a key is refused."""

from __future__ import annotations

from typing import Any, Final

from windtunnel.client.aside import aside
from windtunnel.client.credentials.origins import AWS, Origin
from windtunnel.client.credentials.secret import sendable
from windtunnel.client.credentials.source import Credential, NoCredential

_PLACE: Final = "the AWS keys that botocore found"


class AwsKeys:
    """What botocore finds: environment, profile, role, single sign-on, container, machine, command.

    The SDK's client would keep one session of botocore for the whole process. It is given the keys instead, so a
    session lives as long as its keys are taken.
    """

    waits_for_person = False

    def __init__(self) -> None:
        self._found: Any = None

    async def fresh(self, held: Credential | None) -> Credential:
        """Return the keys as they are now: botocore renews those that end, in good time."""
        keys = await aside(self._keys)
        said = {
            "aws_access_key": sendable(keys.access_key, _PLACE),
            "aws_secret_key": sendable(keys.secret_key, _PLACE),
            "aws_session_token": None if keys.token is None else sendable(keys.token, _PLACE),
        }
        if held is not None and held.arguments == said:
            return held
        return Credential(said, keys.secret_key)

    async def another(self, refused: Credential | None, why: str) -> Credential | None:
        """Look through the chain from its beginning; None where it leads to the same keys again."""
        self._found = None
        got = await self.fresh(None)
        return None if refused is not None and got.arguments == refused.arguments else got

    def origin(self) -> Origin:
        """Say which link of the chain had the keys."""
        return AWS.get(getattr(self._found, "method", None), AWS[None])

    async def aclose(self) -> None:
        """Nothing to let go of."""

    def _keys(self) -> Any:
        if self._found is None:
            import botocore.session  # type: ignore[import-untyped]

            self._found = botocore.session.get_session().get_credentials()
        if self._found is None:
            raise NoCredential(
                "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE or "
                "AWS_BEARER_TOKEN_BEDROCK, or run `aws sso login`"
            )
        try:
            return self._found.get_frozen_credentials()
        except Exception:
            self._found = None  # the next look begins anew: somebody may have logged in since
            raise
