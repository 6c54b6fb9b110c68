"""Everything of Amazon's that hands out credentials, on one clock and one book of keys."""

from __future__ import annotations

from windtunnel_server.clock import Clock
from windtunnel_server.identity.aws.container import ContainerCredentials
from windtunnel_server.identity.aws.gate import AwsGate
from windtunnel_server.identity.aws.keys import REGION, AwsKeys
from windtunnel_server.identity.aws.metadata import InstanceMetadata
from windtunnel_server.identity.aws.sso import Sso
from windtunnel_server.identity.aws.sts import Sts


class Aws:
    """Keys, who hands them out, and the gates that take them. Parameters: see `AwsKeys`."""

    def __init__(
        self,
        clock: Clock,
        *,
        seed: int = 0,
        lifetime_s: float = 3600.0,
        said_s: float | None = None,
        region: str = REGION,
    ) -> None:
        self.keys = AwsKeys(clock, seed=seed, lifetime_s=lifetime_s, said_s=said_s, region=region)
        self.sts, self.sso = Sts(self.keys, seed=seed), Sso(self.keys, seed=seed)
        #: They are `Issuer`s of a `Site`.
        self.issuers = (self.sts, self.sso, InstanceMetadata(self.keys), ContainerCredentials(self.keys))

    def gate(self, service: str) -> AwsGate:
        """The check at the door of a service: "bedrock", "bedrock-mantle" or "aws-external-anthropic"."""
        # Documentation has the platform's key in `x-api-key`, its client sends it as a bearer (wire.md 1.4).
        return AwsGate(self.keys, service, "x-api-key" if service == "aws-external-anthropic" else "")
