"""Where a credential comes from that was refused, and what a person can do about it: for whoever reads the error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Origin:
    """In words that make a sentence: "the login of profile work", "log in again"."""

    what: str
    remedy: str
    #: What came of asking for another, where there is none.
    in_vain: str = "there is no other"

    def told(self, *, renewed: bool) -> str:
        """Say it all; `renewed`: another was obtained, and is refused as well."""
        came = "another was obtained, and is refused too" if renewed else self.in_vain
        return f"Refused is {self.what}; {came}. To do: {self.remedy}."


#: Metadata services keep what they hand out until shortly before its end (unverified).
_SAME_AGAIN: Final = "asked again, it handed out the same, as it may until shortly before its end"

#: By the name botocore has for each way to find keys.
AWS: Final[Mapping[str | None, Origin]] = {
    "env": Origin(
        "the AWS key in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        "set another, with AWS_SESSION_TOKEN where it is one of a session",
        "those variables still have the same",
    ),
    "shared-credentials-file": Origin(
        "the AWS key of a profile in the credentials file",
        "put another there, or choose another profile with AWS_PROFILE",
        "the file still has the same",
    ),
    "config-file": Origin(
        "the AWS key of a profile in the config file",
        "put another there, or choose another profile with AWS_PROFILE",
        "the file still has the same",
    ),
    "custom-process": Origin(
        "the AWS key that the command of credential_process printed",
        "see that it prints another",
        "run again, it printed the same",
    ),
    "iam-role": Origin(
        "the AWS key of this machine's role, from the metadata service of EC2",
        "see that the clocks agree and the role still exists, or choose another key with AWS_PROFILE",
        _SAME_AGAIN,
    ),
    "container-role": Origin(
        "the AWS key of this container's role, from its credentials endpoint",
        "see that the clocks agree and the role still exists, or choose another key with AWS_PROFILE",
        _SAME_AGAIN,
    ),
    "assume-role": Origin("the AWS key of a role that was assumed", "see that the role still trusts who assumes it"),
    "assume-role-with-web-identity": Origin(
        "the AWS key of a role that was assumed with a web identity", "see that the role still trusts that identity"
    ),
    "sso": Origin("the AWS key of a single sign-on", "run `aws sso login`"),
    "login": Origin("the AWS key of a login", "run `aws login`"),
    None: Origin("the AWS key that botocore found", "run `aws sts get-caller-identity` to see whose it is"),
}

#: By the module of google-auth that knows each kind of credential.
GOOGLE: Final[Mapping[str | None, Origin]] = {
    "google.auth.compute_engine.credentials": Origin(
        "the Google token of this machine's service account, from the metadata server",
        "see that the clocks agree and the account still exists, or name a key file in GOOGLE_APPLICATION_CREDENTIALS",
        _SAME_AGAIN,
    ),
    "google.oauth2.service_account": Origin(
        "the Google token of the service account in GOOGLE_APPLICATION_CREDENTIALS",
        "see that the account and its key still exist",
        "asked again, Google gave the same",
    ),
    "google.oauth2.credentials": Origin(
        "the Google token of gcloud's own login",
        "run `gcloud auth application-default login`",
        "asked again, Google gave the same",
    ),
    "google.auth.external_account_authorized_user": Origin(
        "the Google token of gcloud's own login with a workforce identity",
        "run `gcloud auth application-default login`",
        "asked again, Google gave the same",
    ),
    None: Origin(
        "the Google token of the application default credentials",
        "see where they come from, or run `gcloud auth application-default login`",
        "asked again, Google gave the same",
    ),
}

ENTRA: Final = Origin(
    "the token of Entra ID that DefaultAzureCredential found",
    "see that this identity may use the resource, or run `az login`",
    "begun anew, its chain led to the same",
)
