"""Our token service beside moto's: the same client, the same calls, answers of one shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from windtunnel import Windtunnel
from windtunnel.fake import pointed_at
from windtunnel_server.identity.aws import Aws
from windtunnel_server.identity.aws.keys import ROLE_ARN

boto3 = pytest.importorskip("boto3", reason="boto3 is not installed")
moto_server = pytest.importorskip("moto.server", reason="moto is not installed")


@pytest.fixture
def moto() -> Iterator[str]:
    # On the real clock throughout: its threads take no part in virtual time, and it has its own idea of credentials.
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture
def ours() -> Iterator[tuple[str, Aws]]:
    with Windtunnel(clock="real", provider="bedrock") as tunnel, pointed_at(tunnel.env):
        yield tunnel.env["AWS_ENDPOINT_URL_STS"], tunnel.fake.aws


CALLS: dict[str, Callable[[Any, Aws], Any]] = {
    "GetCallerIdentity": lambda sts, aws: sts.get_caller_identity(),
    "AssumeRole": lambda sts, aws: sts.assume_role(RoleArn=ROLE_ARN, RoleSessionName="test"),
    "AssumeRoleWithWebIdentity": lambda sts, aws: sts.assume_role_with_web_identity(
        RoleArn=ROLE_ARN, RoleSessionName="test", WebIdentityToken=aws.sts.identity.token(aws.keys.wall())
    ),
}
#: What moto leaves out, and the service model has: the identity provider's side.
_LEFT_OUT_BY_MOTO = {"SubjectFromWebIdentityToken", "Audience"}
#: What moto adds: the share of the session policy that is used up.
_ADDED_BY_MOTO = {"PackedPolicySize", "Provider"}


@pytest.mark.parametrize("call", CALLS)
def test_answers_have_the_shape_of_motos(ours: tuple[str, Aws], moto: str, call: str):
    address, aws = ours

    own, other = (CALLS[call](boto3.client("sts", endpoint_url=url), aws) for url in (address, moto))

    assert own.keys() - _LEFT_OUT_BY_MOTO == other.keys() - _ADDED_BY_MOTO
    assert own["ResponseMetadata"]["HTTPHeaders"]["content-type"] == "text/xml"
    for name in ("Credentials", "AssumedRoleUser"):
        if name in own:
            assert own[name].keys() == other[name].keys()
            assert {key: type(value) for key, value in own[name].items()} == {
                key: type(value) for key, value in other[name].items()
            }
