"""Which backend the variables select, what is said of it, and what is said of variables that select none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.client.failures import ConfigurationError
from windtunnel.client.selection import FLAGS, Choice, choose

SECRET = "not-to-be-seen-4711"
BEDROCK = {"CLAUDE_CODE_USE_BEDROCK": "1", "AWS_REGION": "eu-west-1"}
VERTEX = {
    "CLAUDE_CODE_USE_VERTEX": "1",
    "CLOUD_ML_REGION": "global",
    "ANTHROPIC_VERTEX_PROJECT_ID": "a-project",
}
FOUNDRY = {"CLAUDE_CODE_USE_FOUNDRY": "1", "ANTHROPIC_FOUNDRY_RESOURCE": "a-resource"}
WORKLOAD = {
    "ANTHROPIC_FEDERATION_RULE_ID": "fdrl_1",
    "ANTHROPIC_ORGANIZATION_ID": "an-organisation",
    "ANTHROPIC_IDENTITY_TOKEN": SECRET,
}


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """A home folder with nothing in it."""
    return {"HOME": str(tmp_path)}


def refusal(environ: Mapping[str, str], **able: bool) -> str:
    with pytest.raises(ConfigurationError) as raised:
        choose(environ, **able)
    return str(raised.value)


@pytest.mark.parametrize(
    ("environ", "backend", "credential"),
    [
        ({"ANTHROPIC_API_KEY": SECRET}, "anthropic", "API key"),
        ({"ANTHROPIC_AUTH_TOKEN": SECRET}, "anthropic", "auth token"),
        ({"ANTHROPIC_API_KEY_HELPER": f"echo {SECRET}"}, "anthropic", "API-key helper"),
        ({"ANTHROPIC_PROFILE": "work"}, "anthropic", "login of profile work"),
        ({"CLAUDE_CODE_OAUTH_TOKEN": SECRET}, "anthropic", "OAuth token"),
        (WORKLOAD, "anthropic", "workload federation"),
        (BEDROCK | {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": SECRET}, "bedrock", "AWS key"),
        (
            BEDROCK | {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": SECRET},
            "bedrock",
            "AWS session key",
        ),
        (BEDROCK | {"AWS_PROFILE": "dev"}, "bedrock", "AWS profile dev"),
        (BEDROCK | {"AWS_WEB_IDENTITY_TOKEN_FILE": "/token"}, "bedrock", "AWS web identity"),
        (BEDROCK | {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://localhost/"}, "bedrock", "AWS container role"),
        (BEDROCK, "bedrock", "AWS credential chain"),
        (BEDROCK | {"AWS_BEARER_TOKEN_BEDROCK": SECRET}, "bedrock", "Bedrock API key"),
        (VERTEX, "vertex", "Google default credentials"),
        (
            VERTEX | {"ANTHROPIC_CUSTOM_HEADERS": f"Authorization: Bearer {SECRET}"},
            "vertex",
            "Google access token",
        ),
        (FOUNDRY | {"ANTHROPIC_FOUNDRY_API_KEY": SECRET}, "foundry", "API key"),
        (FOUNDRY, "foundry", "Entra ID token"),
    ],
)
def test_each_row_of_the_table_selects_its_backend_and_shows_no_secret(
    home: dict[str, str], environ: dict[str, str], backend: str, credential: str
) -> None:
    choice = choose(home | environ)

    assert (choice.backend, choice.credential) == (backend, credential)
    for shown in (repr(choice), str(choice), json.dumps(choice.describe())):
        assert SECRET not in shown
    assert choice.describe()["credential"] == credential


def test_a_choice_says_where_it_is(home: dict[str, str]) -> None:
    assert choose(home | BEDROCK).describe() == {
        "backend": "bedrock",
        "region": "eu-west-1",
        "credential": "AWS credential chain",
    }
    assert choose(home | VERTEX).describe()["project"] == "a-project"
    assert str(choose(home | FOUNDRY)) == "foundry (resource a-resource, Entra ID token)"


def test_what_is_secret_in_an_address_is_not_shown(home: dict[str, str]) -> None:
    url = f"https://me:{SECRET}@proxy.example:8443/api?key={SECRET}"

    choice = choose(home | {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": url})

    assert choice.base_url == url
    assert choice.describe()["base_url"] == "https://proxy.example:8443/api"
    assert SECRET not in repr(choice)


@pytest.mark.parametrize("said", ["1", "true", "TRUE", "yes", "on"])
def test_a_flag_may_be_written_in_several_ways(home: dict[str, str], said: str) -> None:
    assert choose(home | BEDROCK | {"CLAUDE_CODE_USE_BEDROCK": said}).backend == "bedrock"


@pytest.mark.parametrize("said", ["", "0", "false", "off"])
def test_a_flag_that_is_off_selects_nothing(home: dict[str, str], said: str) -> None:
    assert choose(home | {"CLAUDE_CODE_USE_BEDROCK": said, "ANTHROPIC_API_KEY": "k"}).backend == "anthropic"


def test_a_flag_that_says_neither_is_an_error(home: dict[str, str]) -> None:
    assert "CLAUDE_CODE_USE_VERTEX is 'ture'" in refusal(home | {"CLAUDE_CODE_USE_VERTEX": "ture"})


def test_foundry_is_selected_by_its_place_alone(home: dict[str, str]) -> None:
    by_resource = choose(home | {"ANTHROPIC_FOUNDRY_RESOURCE": "r", "ANTHROPIC_API_KEY": "k"})
    by_url = choose(home | {"ANTHROPIC_FOUNDRY_BASE_URL": "https://f.example/anthropic"})

    assert (by_resource.backend, by_url.backend) == ("foundry", "foundry")


@given(st.sets(st.sampled_from(sorted(FLAGS)), min_size=2))
def test_two_backends_at_once_are_an_error_that_names_them(flags: set[str]) -> None:
    said = refusal(dict.fromkeys(flags, "1"))

    for flag in flags:
        assert f"{flag}=1" in said
    assert "unset" in said


def test_the_place_of_foundry_and_another_backend_are_two(home: dict[str, str]) -> None:
    for place in ("ANTHROPIC_FOUNDRY_RESOURCE", "ANTHROPIC_FOUNDRY_BASE_URL"):
        for other in (BEDROCK, VERTEX):
            said = refusal(home | other | {place: "https://f.example"})

            assert f"=1 and {place} ask for" in said and "foundry at once" in said
            assert choose(home | other | {place: "x", "CLAUDE_CODE_USE_FOUNDRY": "0"}).backend != "foundry"


def test_foundry_that_is_switched_off_is_not_selected_by_its_place(home: dict[str, str]) -> None:
    place = {"ANTHROPIC_FOUNDRY_RESOURCE": "r", "ANTHROPIC_API_KEY": "k"}

    assert choose(home | place | {"CLAUDE_CODE_USE_FOUNDRY": "0"}).backend == "anthropic"
    assert choose(home | place | {"CLAUDE_CODE_USE_FOUNDRY": ""}).backend == "foundry"


@pytest.mark.parametrize(
    "variable", ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_API_KEY_HELPER"]
)
def test_blanks_are_no_credential(home: dict[str, str], variable: str) -> None:
    assert "no credential" in refusal(home | {variable: "  \r\n"})


@pytest.mark.parametrize(
    ("environ", "variable"),
    [
        ({"ANTHROPIC_API_KEY": f"{SECRET}\n{SECRET}"}, "ANTHROPIC_API_KEY"),
        ({"ANTHROPIC_AUTH_TOKEN": f"{SECRET}\x00"}, "ANTHROPIC_AUTH_TOKEN"),
        (BEDROCK | {"AWS_BEARER_TOKEN_BEDROCK": f"{SECRET}é"}, "AWS_BEARER_TOKEN_BEDROCK"),
        (FOUNDRY | {"ANTHROPIC_FOUNDRY_API_KEY": f"{SECRET}\r{SECRET}"}, "ANTHROPIC_FOUNDRY_API_KEY"),
        ({"ANTHROPIC_API_KEY": SECRET, "ANTHROPIC_BASE_URL": "localhost:8080"}, "ANTHROPIC_BASE_URL"),
        ({"ANTHROPIC_API_KEY": SECRET, "ANTHROPIC_BASE_URL": "http://h:abc"}, "ANTHROPIC_BASE_URL"),
        (BEDROCK | {"ANTHROPIC_BEDROCK_BASE_URL": "http://[bad"}, "ANTHROPIC_BEDROCK_BASE_URL"),
        (VERTEX | {"ANTHROPIC_VERTEX_BASE_URL": "vertex"}, "ANTHROPIC_VERTEX_BASE_URL"),
        ({"ANTHROPIC_FOUNDRY_BASE_URL": "foundry"}, "ANTHROPIC_FOUNDRY_BASE_URL"),
        (BEDROCK | {"AWS_REGION": "us east"}, "AWS_REGION"),
        (FOUNDRY | {"ANTHROPIC_FOUNDRY_RESOURCE": "https://r.services.ai.azure.com"}, "ANTHROPIC_FOUNDRY_RESOURCE"),
        ({"ANTHROPIC_API_KEY": SECRET, "ANTHROPIC_CUSTOM_HEADERS": "no header"}, "ANTHROPIC_CUSTOM_HEADERS"),
    ],
)
def test_a_slip_of_the_pen_is_an_error_that_names_the_variable(
    home: dict[str, str], environ: dict[str, str], variable: str
) -> None:
    said = refusal(home | environ)

    assert variable in said
    assert SECRET not in said


def test_what_is_missing_is_named(home: dict[str, str]) -> None:
    assert "AWS_REGION" in refusal(home | {"CLAUDE_CODE_USE_BEDROCK": "1"})
    assert "CLOUD_ML_REGION" in (said := refusal(home | {"CLAUDE_CODE_USE_VERTEX": "1"}))
    assert "ANTHROPIC_VERTEX_PROJECT_ID" in said
    assert "ANTHROPIC_FOUNDRY_RESOURCE" in refusal(home | {"CLAUDE_CODE_USE_FOUNDRY": "1"})
    assert "ANTHROPIC_API_KEY" in refusal(home)


def test_two_places_of_foundry_are_an_error(home: dict[str, str]) -> None:
    assert "unset one" in refusal(home | FOUNDRY | {"ANTHROPIC_FOUNDRY_BASE_URL": "https://f.example"})


def test_a_region_may_come_from_the_profile(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[profile dev]\nregion = eu-central-1\n", encoding="utf-8")
    environ = {"CLAUDE_CODE_USE_BEDROCK": "1", "AWS_PROFILE": "dev", "AWS_CONFIG_FILE": str(config)}

    assert choose(environ).region == "eu-central-1"
    assert "AWS_REGION" in refusal(environ | {"AWS_PROFILE": "other"})


def test_a_file_of_google_says_of_which_kind_it_is(tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    environ = VERTEX | {"GOOGLE_APPLICATION_CREDENTIALS": str(file)}

    assert "cannot be read" in refusal(environ)
    file.write_text("{}", encoding="utf-8")
    assert "service_account" in refusal(environ)
    file.write_text(json.dumps({"type": "service_account", "private_key": SECRET}), encoding="utf-8")
    assert choose(environ).credential == "Google service account"


def test_credentials_of_the_direct_api_have_the_order_of_the_sdk(home: dict[str, str]) -> None:
    steps = [
        ("ANTHROPIC_API_KEY", "API key"),
        ("ANTHROPIC_AUTH_TOKEN", "auth token"),
        ("ANTHROPIC_API_KEY_HELPER", "API-key helper"),
        ("ANTHROPIC_PROFILE", "login of profile x"),
        ("ANTHROPIC_FEDERATION_RULE_ID", "workload federation"),
        ("CLAUDE_CODE_OAUTH_TOKEN", "OAuth token"),
    ]
    environ = home | WORKLOAD | {name: "x" for name, _ in steps}

    for name, credential in steps:
        assert choose(environ).credential == credential
        del environ[name]
    assert "ANTHROPIC_API_KEY" in refusal(environ)


def test_a_login_on_disk_is_found_where_no_variable_names_one(home: dict[str, str]) -> None:
    configs = Path(home["HOME"], ".config", "anthropic", "configs")
    configs.mkdir(parents=True)
    (configs / "default.json").write_text("{}", encoding="utf-8")
    assert choose(home).profile == "default"

    (configs / "windtunnel.json").write_text("{}", encoding="utf-8")

    assert choose(home).profile == "windtunnel"


def test_who_can_ask_or_log_in_needs_no_variable(home: dict[str, str]) -> None:
    assert choose(home, can_ask=True).kind == "asked"
    assert choose(home | {"ANTHROPIC_OAUTH_CLIENT_ID": "app"}, can_log_in=True).kind == "login"
    assert "no credential" in refusal(home, can_log_in=True)


def test_the_environment_of_the_process_is_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for flag in FLAGS:
        monkeypatch.delenv(flag, raising=False)
    monkeypatch.delenv("ANTHROPIC_FOUNDRY_RESOURCE", raising=False)
    monkeypatch.delenv("ANTHROPIC_FOUNDRY_BASE_URL", raising=False)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")

    assert isinstance(choose(), Choice)
