"""Where a refused credential came from, in words."""

from __future__ import annotations

import importlib
import inspect

import botocore.credentials
import pytest

from windtunnel.client.credentials.origins import AWS, ENTRA, GOOGLE, Origin


def test_the_sentence_says_what_came_of_asking_for_another_and_what_to_do():
    origin = Origin("the key in A", "set another", "the file still has the same")

    assert origin.told(renewed=False) == "Refused is the key in A; the file still has the same. To do: set another."
    assert "; another was obtained, and is refused too. " in origin.told(renewed=True)


def test_botocore_has_these_ways_to_find_keys():
    kinds = [kind for _, kind in inspect.getmembers(botocore.credentials, inspect.isclass)]
    ways = {kind.METHOD for kind in kinds if getattr(kind, "METHOD", None)}

    # The last two are files of tools that are no more.
    assert set(AWS) - {None} == ways - {"boto-config", "ec2-credentials-file"}


@pytest.mark.parametrize("module", [name for name in GOOGLE if name is not None])
def test_google_auth_has_these_kinds_of_credentials(module: str):
    assert hasattr(importlib.import_module(module), "Credentials")


@pytest.mark.parametrize("origin", [*AWS.values(), *GOOGLE.values(), ENTRA], ids=lambda origin: origin.what)
def test_every_one_makes_a_sentence(origin: Origin):
    assert origin.what.startswith("the ")
    assert not any(part.endswith(".") for part in (origin.what, origin.remedy, origin.in_vain))
