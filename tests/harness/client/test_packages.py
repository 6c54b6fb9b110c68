"""What is not installed is named, with the extra that brings it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from windtunnel.client import packages
from windtunnel.client.failures import ClientError, ConfigurationError


def test_the_first_that_is_missing_is_named() -> None:
    packages.check("the client", None, "json")

    with pytest.raises(ConfigurationError, match=r"^the client needs the package no-such: pip install 'windtunnel"):
        packages.check("the client", "json", "no.such", "nor.this")


def test_it_is_an_import_error_too() -> None:
    assert issubclass(packages.PackageMissing, ImportError)
    assert issubclass(packages.PackageMissing, ClientError)


def test_a_package_that_stands_in_for_another_is_there_or_not() -> None:
    assert packages.is_there("json")
    assert not packages.is_there("json.nothing")


def test_the_client_without_its_extra_says_what_to_install() -> None:
    code = "import sys; sys.modules['tenacity'] = None\nfrom windtunnel.client import Client"

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert ran.returncode == 1
    assert "needs the package tenacity: pip install 'windtunnel[client]'" in ran.stderr.splitlines()[-1]
