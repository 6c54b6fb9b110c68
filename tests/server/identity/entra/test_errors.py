"""Entra's errors: codes, words and envelope."""

from __future__ import annotations

from windtunnel_server.identity.entra import errors as entra_errors
from windtunnel_server.script import ErrorSpec


def test_an_error_says_its_code_three_times_and_its_ids_twice():
    refusal = entra_errors.wrong_secret("app-1")

    said = entra_errors.told(refusal, at=1_700_000_000.9, correlation_id="corr", trace_id="trace")

    assert list(said) == [
        "error",
        "error_description",
        "error_codes",
        "timestamp",
        "trace_id",
        "correlation_id",
        "error_uri",
    ]
    assert said["error_description"].startswith("AADSTS7000215: Invalid client secret provided.")
    assert said["error_description"].endswith("Trace ID: trace Correlation ID: corr Timestamp: 2023-11-14 22:13:20Z")
    assert said["error_uri"].endswith("code=7000215")


def test_what_a_script_says_goes_before_the_usual_words():
    usual = entra_errors.scripted(ErrorSpec(status=503), 503)
    changed = entra_errors.scripted(ErrorSpec(status=503, type="server_error", message="No."), 503)

    assert (usual.error, usual.code) == ("temporarily_unavailable", 90033)
    assert (changed.error, changed.code, changed.words) == ("server_error", 90033, "No.")
