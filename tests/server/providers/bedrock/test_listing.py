from __future__ import annotations

from windtunnel_server.providers.bedrock import listing as bedrock_listing
from windtunnel_server.providers.bedrock import models as bedrock_models

REGION = "eu-central-1"


def test_every_profile_is_listed_with_its_model() -> None:
    listed = bedrock_listing.profiles({}, REGION)["inferenceProfileSummaries"]

    assert {one["inferenceProfileId"] for one in listed} == {
        named.profile(prefix) for named in bedrock_models.NAMED for prefix in named.profiles
    }
    assert listed[0]["models"][0]["modelArn"].startswith("arn:aws:bedrock:eu-central-1::foundation-model/anthropic.")
    assert "nextToken" not in bedrock_listing.profiles({}, REGION)


def test_a_list_can_be_read_page_by_page() -> None:
    whole = bedrock_listing.profiles({}, REGION)["inferenceProfileSummaries"]

    read, query = [], {"maxResults": ["30"]}
    while page := bedrock_listing.profiles(query, REGION):
        read += page["inferenceProfileSummaries"]
        if "nextToken" not in page:
            break
        query = {"maxResults": ["30"], "nextToken": [page["nextToken"]]}

    assert read == whole


def test_profiles_of_users_there_are_none() -> None:
    assert bedrock_listing.profiles({"type": ["APPLICATION"]}, REGION) == {"inferenceProfileSummaries": []}


def test_a_profile_is_found_by_id_and_by_arn() -> None:
    by_id = bedrock_listing.profile("us.anthropic.claude-sonnet-4-6", REGION)

    assert by_id is not None
    assert bedrock_listing.profile(by_id["inferenceProfileArn"], REGION) == by_id
    assert bedrock_listing.profile("us.nonsense", REGION) is None


def test_models_are_listed_by_maker_and_by_how_they_are_asked() -> None:
    every = bedrock_listing.foundation_models({}, REGION)["modelSummaries"]
    plain = bedrock_listing.foundation_models({"byInferenceType": ["ON_DEMAND"]}, REGION)["modelSummaries"]

    assert [one["modelId"] for one in every] == [named.id for named in bedrock_models.NAMED]
    assert [one["modelId"] for one in plain] == [named.id for named in bedrock_models.NAMED if named.on_demand]
    assert bedrock_listing.foundation_models({"byProvider": ["Meta"]}, REGION) == {"modelSummaries": []}


def test_one_model_has_details() -> None:
    found = bedrock_listing.foundation_model("anthropic.claude-sonnet-4-6", REGION)

    assert found is not None
    assert found["modelDetails"]["modelName"] == "Claude Sonnet 4.6"
    assert bedrock_listing.foundation_model("anthropic.nonsense", REGION) is None
