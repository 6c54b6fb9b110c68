"""Secrets that their own shape gives away, wherever they stand.

A shape is looked for only where one of its anchors stands; `sieve.py` tells which do at all.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from windtunnel.cassette.redact import placeholders
from windtunnel.cassette.redact.edits import Edit

#: Where a word may begin: behind no other, or behind an escape: in JSON `\\nbob` is bob on a new line, not nbob.
_BEGIN: Final = r"(?:(?<=\\[nrtbf])|(?<=%[0-9A-Fa-f][0-9A-Fa-f])|(?<=%)(?![0-9A-Fa-f]{2})|(?<![\w.+\-\\%]))"
#: Not within base64, where four letters are found by chance.
_ALONE: Final = r"(?:(?<=\\[nrtbf])|(?<![A-Za-z0-9]))"
_UUID: Final = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of secret: `pattern` is tried from `reach` bytes before each anchor.

    The group `secret`, or all of the match, gives way to `placeholder`.
    """

    kind: str
    anchors: tuple[bytes, ...]
    pattern: re.Pattern[bytes]
    placeholder: bytes = placeholders.REDACTED
    reach: int = 0
    #: It is the credential itself: a value of this shape needs no name to give it away.
    credential: bool = True

    @property
    def names_a_place(self) -> bool:
        """It tells whose account or project this is, which may stand elsewhere without what gives it away here."""
        return self.kind in ("aws-account", "google-project", "organization")

    def edits(self, text: bytes, present: Container[bytes]) -> Iterator[Edit]:
        """Find every occurrence; only the anchors in `present` are looked for."""
        for anchor in filter(present.__contains__, self.anchors):
            at, behind = text.find(anchor), 0
            while at >= 0:
                found = self._at(text, at, behind)
                if found:
                    span = found.span("secret") if "secret" in found.re.groupindex else found.span()
                    yield Edit(*span, self.placeholder, self.kind)
                    behind = found.end()
                at = text.find(anchor, max(at + 1, behind))

    def _at(self, text: bytes, at: int, behind: int) -> re.Match[bytes] | None:
        if not self.reach:
            return self.pattern.match(text, at)
        found = self.pattern.search(text, max(behind, at - self.reach), at + 256)
        return found if found and found.start() <= at < found.end("anchor") else None


def _shape(kind: str, anchors: str, pattern: str, placeholder: bytes = placeholders.REDACTED) -> Shape:
    return Shape(kind, tuple(anchors.encode().split()), re.compile(pattern.encode()), placeholder)


def _place(kind: str, anchors: str, pattern: str, placeholder: bytes, *, reach: int = 0) -> Shape:
    # Who and where somebody is: no credential, and known by what stands around it.
    anchored = tuple(anchors.encode().split())
    return Shape(kind, anchored, re.compile(pattern.encode()), placeholder, reach, credential=False)


# Forms without a mark are as their issuers document them or as the fake mints them. None has been checked against a
# complete list, hence the generous tails: a shape that is too wide costs a placeholder, one too narrow a key.
SHAPES: Final[Sequence[Shape]] = (
    _shape("anthropic-key", "sk-ant-", r"sk-ant-(?:[a-z]+\d\d-)?+(?P<secret>[\w-]{10,})"),
    # Platform keys of Claude on AWS; Bedrock's keys, long-lived and short-term (public reports of 2026; unverified).
    _shape("aws-bearer", "external-anthropic-api-key-", r"external-anthropic-api-key-(?P<secret>[\w+/=-]{10,})"),
    _shape("aws-bearer", "ABSK", rf"{_ALONE}ABSK(?P<secret>[\w+/-]{{20,}}={{0,2}})"),
    _shape("aws-bearer", "bedrock-api-key-", r"bedrock-api-key-(?P<secret>[\w+/=-]{10,})"),
    _shape(
        "aws-access-key",
        "AKIA ASIA",
        r"(?:AKIA|ASIA)(?P<secret>[A-Z0-9]{16})",
        placeholders.ACCESS_KEY_ID,
    ),
    _shape(
        "aws-secret-key",
        "ecret_access_key ECRET_ACCESS_KEY ecretAccessKey ecret-access-key",
        r"(?i:ecret[_-]?access[_-]?key)[^\w\n+/]{1,8}(?P<secret>[A-Za-z0-9+/]{40})(?![A-Za-z0-9+/])",
    ),
    _shape("aws-signature", "X-Amz-Signature= x-amz-signature=", r"(?i:x-amz-signature)=(?P<secret>[^&\s\"'\\<>]+)"),
    _shape("aws-signature", "Signature=", r"Signature=(?P<secret>[0-9a-f]{64})"),
    _shape("google-token", "ya29.", r"ya29\.(?P<secret>[\w.-]{16,})"),
    _shape("google-token", "1//0", rf"{_ALONE}1//0(?P<secret>[\w-]{{24,}})"),
    _shape("google-key", "AIza", rf"{_ALONE}AIza(?P<secret>[\w-]{{35}})"),
    _shape("google-key", "GOCSPX-", r"GOCSPX-(?P<secret>[\w-]{20,})"),
    # Keys of 84 characters with this in the middle, and secrets of registered applications; both unverified.
    Shape("azure-key", (b"JQQJ99",), re.compile(rb"[A-Za-z0-9]{40,60}(?P<anchor>JQQJ99)[A-Za-z0-9]{20,}"), reach=60),
    Shape("azure-key", (b"7Q~", b"8Q~"), re.compile(rb"[\w.~-]{3}(?P<anchor>[78]Q~)[\w.~-]{31,40}"), reach=4),
    _shape(
        "azure-key",
        "AccountKey= SharedAccessKey= accesskey=",
        r"(?i:(?:access|account)key)=(?P<secret>[A-Za-z0-9+/]{40,}={0,2})",
    ),
    _shape("openai-key", "sk-", rf"{_ALONE}sk-(?P<secret>[A-Za-z0-9]{{32,}})"),
    _shape("openai-key", "sk-proj- sk-svcacct- sk-admin- sk-or-v1-", r"sk-[a-z]+-(?:v1-)?+(?P<secret>[\w-]{20,})"),
    _shape("github-token", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_(?P<secret>[A-Za-z0-9]{30,})"),
    _shape("github-token", "github_pat_", r"github_pat_(?P<secret>\w{30,})"),
    _shape("gitlab-token", "glpat- gldt- glrt- glptt- glcbt-", r"gl(?:pat|dt|rt|ptt|cbt)-(?P<secret>[\w.-]{20,})"),
    _shape("slack-token", "xoxb- xoxp- xoxa- xoxs-", r"xox[abps]-(?P<secret>[\w-]{20,})"),
    _shape("slack-token", "xapp-", r"xapp-\d-(?P<secret>[\w-]{20,})"),
    _shape("webhook", "hooks.slack.com/", r"hooks\.slack\.com/[a-z]+/(?P<secret>[\w/]{16,})"),
    _shape("webhook", "/api/webhooks/", r"/api/webhooks/\d{8,}/(?P<secret>[\w-]{40,})"),
    _shape("stripe-key", "sk_live_ rk_live_ sk_test_ rk_test_", r"[sr]k_(?:live|test)_(?P<secret>[A-Za-z0-9]{16,})"),
    _shape("stripe-key", "whsec_", r"whsec_(?P<secret>[A-Za-z0-9+/]{24,}={0,2})"),
    _shape("package-token", "npm_", rf"{_ALONE}npm_(?P<secret>[A-Za-z0-9]{{36}})"),
    _shape("package-token", "pypi-AgE", r"pypi-(?P<secret>AgE[\w-]{16,})"),
    _shape("package-token", "dckr_pat_", r"dckr_pat_(?P<secret>[\w-]{20,})"),
    _shape("service-key", "hf_", rf"{_ALONE}hf_(?P<secret>[A-Za-z0-9]{{30,}})"),
    _shape("service-key", "SG.", rf"{_ALONE}SG\.(?P<secret>[\w-]{{16,}}\.[\w-]{{16,}})"),
    _shape("service-key", "tvly-", rf"{_ALONE}tvly-(?:dev-|prod-)?+(?P<secret>[\w-]{{16,}})"),
    _shape("service-key", "gsk_ xai- pplx-", rf"{_ALONE}(?:gsk_|xai-|pplx-)(?P<secret>[A-Za-z0-9]{{32,}})"),
    _shape("jwt", "eyJ", r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*(?:\.[\w-]*){0,2}", placeholders.JWT),
    _shape(
        "private-key",
        "-----BEGIN",
        # To its end, or as far as a cut one goes.
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----(?:(?s:.{0,16384}?)-----END (?:[A-Z0-9]+ )*PRIVATE KEY-----"
        r"|(?:(?:\s|\\+[nr])*[A-Za-z0-9+/=]{20,})+)",
        placeholders.PRIVATE_KEY,
    ),
    _shape(
        "bearer", "earer Earer EARER", r"(?i:earer) +(?=[A-Za-z._~+/=-]*\d|[A-Za-z]{24})(?P<secret>[\w.~+/-]{20,}=*)"
    ),
    _shape(
        "basic", "uthorization UTHORIZATION", r"(?i:uthorization)\W{1,8}(?i:basic) (?P<secret>[A-Za-z0-9+/]{8,}={0,2})"
    ),
    _shape(
        "password",
        "curl",
        r"curl(?= )[^\n]{0,400}?[ \t](?:-u|--user|-U|--proxy-user)(?:[ =]?\\*[\"']|[ =]?)[^\s:\"'\\$<{]{1,64}:"
        r"(?P<secret>(?![$<{]|pass(?:word|wd)?\b)[^\s\"'\\]{4,128})",
    ),
    _shape(
        "password",
        "://",
        r"://[^/?#\s:@\"'\\<>]{0,64}:(?P<secret>(?!(?:pass(?:wd|word)?|[{$][^@\s]*)@)[^/?#\s@\"'\\<>]{1,256})@",
    ),
    _place(
        "organization",
        "org Org ORG",
        rf"(?i:org(?:ani[sz]ation)?)(?:[_-]?(?:uu)?id)?\W{{1,8}}(?P<secret>{_UUID})",
        placeholders.UUID,
    ),
    _place("workspace", "wrkspc_", r"wrkspc_(?P<secret>[A-Za-z0-9]{10,})", placeholders.REDACTED),
    _place("aws-account", "arn:aws", r"arn:aws[\w-]*:[\w-]*:[\w-]*:(?P<secret>\d{12})(?!\d)", placeholders.ACCOUNT),
    _place(
        "user", ":assumed-role/", r":assumed-role/[\w+=,.@-]+/(?P<secret>[\w+=,.@-]*[\w+=@-])", placeholders.REDACTED
    ),
    # As Google's errors put it (AIP-193, "Permission denied on resource project …").
    _place(
        "google-project",
        "resource",
        r"resource project (?P<secret>[a-z][a-z0-9-]{4,28}[a-z0-9])(?![\w-])",
        placeholders.PROJECT,
    ),
    _place(
        "google-project",
        "projects/",
        r"projects/(?P<secret>[a-z0-9][a-z0-9.:-]{1,61})(?=/(?:locations|serviceAccounts|global|regions)\b)",
        placeholders.PROJECT,
    ),
    _place(
        "azure-resource",
        ".services.ai.azure.com .openai.azure.com .cognitiveservices.azure.com",
        rf"{_BEGIN}(?P<secret>[A-Za-z0-9][A-Za-z0-9-]{{0,62}})"
        r"(?P<anchor>\.)(?:services\.ai|openai|cognitiveservices)\.azure\.com",
        placeholders.RESOURCE,
        reach=64,
    ),
    _place(
        "azure-tenant",
        "login.microsoftonline.com/ sts.windows.net/",
        rf"[a-z.]+/(?P<secret>{_UUID}|[\w-]+\.onmicrosoft\.com)",
        placeholders.UUID,
    ),
    _place(
        "e-mail",
        "@",
        # Not those of nobody (RFC 2606, and who takes no mail), nor the user of a Git address.
        rf"{_BEGIN}(?!(?:git|no-?reply)@)[A-Za-z0-9_][\w.+-]{{0,63}}(?P<anchor>@)"
        r"(?!(?:[\w-]+\.)*example\.(?:com|org|net)\b)(?:[A-Za-z0-9-]{1,63}\.){1,5}(?!(?:example|test|invalid|local)\b)"
        r"[A-Za-z]{2,24}(?![\w-])",
        placeholders.EMAIL,
        reach=65,
    ),
)


def is_credential(value: bytes) -> bool:
    """Say whether the whole of a value has the shape of a credential."""
    return any(shape.credential and shape.pattern.fullmatch(value) for shape in SHAPES)
