"""Clients that do one thing wrong each, to see that the library's scenarios notice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from windtunnel.results import Result
from windtunnel.scenario import case as case_module
from windtunnel.scenario.case import Case
from windtunnel.subjects.ask import Ask
from windtunnel.subjects.crowd import plus
from windtunnel.subjects.hearing import UNREADABLE
from windtunnel.subjects.prompts import turns
from windtunnel.subjects.subject import ABILITIES, Place, Subject
from windtunnel.verdicts.claims import Claim, Claims


class Spoilt:
    """A client whose claims are spoilt one by one, and the sums with them."""

    def __init__(self, subject: Subject, spoil: Callable[[Claim], Claim]) -> None:
        self._subject, self._spoil = subject, spoil
        self.name, self.about, self.policy = subject.name, subject.about, subject.policy
        self.abilities, self.providers = subject.abilities, subject.providers

    def play(self, place: Place, ask: Ask) -> Claims:
        claims = self._subject.play(place, ask)
        return Claims(calls=tuple(self._spoil(claim) for claim in claims.calls or ()))


def boast(claim: Claim) -> Claim:
    """Everything went well."""
    return replace(claim, outcome="success", error=None, status=None, stop_reason=claim.stop_reason or "end_turn")


def despair(claim: Claim) -> Claim:
    """Nothing went well."""
    return replace(claim, outcome="error", error="RuntimeError")


def miscount(claim: Claim) -> Claim:
    """One token more."""
    usage = dict(claim.usage or {})
    return replace(claim, usage=usage | {"output_tokens": usage.get("output_tokens", 0) + 1})


def mumble(claim: Claim) -> Claim:
    """The last letter is lost, and what the tools were to be given."""
    uses = claim.tool_uses and tuple({**use, "input": {}} for use in claim.tool_uses)
    return replace(claim, text=(claim.text or "")[:-1], tool_uses=uses)


def trust(claim: Claim) -> Claim:
    """Half the input of a tool will do."""
    if claim.error != UNREADABLE:
        return claim
    return replace(claim, outcome="success", error=None, tool_uses=({"name": "read_file", "input": {}},))


SPOILS = {"trusting": trust, "boaster": boast, "despairing": despair, "miscounting": miscount, "mumbling": mumble}
#: The SDK with options nobody should give it.
OPTIONS: Mapping[str, dict[str, Any]] = {
    "faint-hearted": {"max_retries": 0},
    "stubborn": {"max_retries": 9},
    "impatient": {"timeout": 0.4, "max_retries": 0},
}


@dataclass(kw_only=True)
class Able:
    """The SDK in an agent that can do what ours cannot yet: compact, fall back, count, and get a new key.

    `habit` is what it does instead of one of them.
    """

    habit: str = ""
    name = "able"
    about = "can do it all"
    abilities = frozenset(ABILITIES)
    providers = ("anthropic",)

    @property
    def policy(self) -> str:
        from windtunnel.subjects.sdk import policy

        return policy()

    def play(self, place: Place, ask: Ask) -> Claims:
        import anthropic

        usage: dict[str, Any] = {}
        messages: list[Any] = []
        body: dict[str, Any] = {"model": ask.model, "max_tokens": ask.max_tokens}
        keys = iter([place.env["ANTHROPIC_API_KEY"], "sk-ant-api03-the-new-one"])
        with anthropic.Anthropic(base_url=place.url, api_key=next(keys)) as client:
            try:
                for prompt in turns(ask):
                    messages.append({"role": "user", "content": prompt})
                    self._count(client, body, messages)
                    answer = self._answer(client, body, messages, usage, keys, stream=ask.stream)
                    messages.append({"role": "assistant", "content": answer.content[0].text})
            except anthropic.APIError:
                return Claims(outcome="error", usage=usage)
        return Claims(outcome="success", usage=usage)

    def _count(self, client: Any, body: dict[str, Any], messages: list[Any]) -> None:
        import anthropic

        try:
            client.messages.count_tokens(model=body["model"], messages=messages)
        except anthropic.APIError:
            if self.habit == "gives up over a count":
                raise

    def _answer(
        self, client: Any, body: dict[str, Any], messages: list[Any], usage: dict[str, Any], keys: Any, *, stream: bool
    ) -> Any:
        import anthropic
        import httpx2

        for _ in range(99 if self.habit == "compacts for ever" else 3):
            try:
                return self._ask(client, body, messages, usage, stream=stream)
            except anthropic.AuthenticationError as error:
                client.api_key = next(keys, None)
                if client.api_key is None or self.habit == "asks with the old key":
                    raise error
            except anthropic.BadRequestError as error:
                if "too long" not in str(error) or self.habit == "does not compact":
                    raise
                self._compact(client, body, messages, usage)
            except (anthropic.APIStatusError, httpx2.HTTPError):
                if self.habit == "does not fall back":
                    raise anthropic.APIError("no second choice", None, body=None) from None  # type: ignore[arg-type]
                body["model"], stream = "claude-sonnet-4-6", False
        raise anthropic.APIError("given up", None, body=None)  # type: ignore[arg-type]

    def _ask(
        self, client: Any, body: dict[str, Any], messages: list[Any], usage: dict[str, Any], *, stream: bool
    ) -> Any:
        import httpx2

        if stream:
            with client.messages.stream(**body, messages=messages) as events:
                try:
                    answer = events.get_final_message()
                except httpx2.HTTPError:  # what had come is paid for
                    usage.update(plus(usage, events.current_message_snapshot.usage.to_dict(mode="json")))
                    raise
        else:
            answer = client.messages.create(**body, messages=messages)
        usage.update(plus(usage, answer.usage.to_dict(mode="json")))
        return answer

    def _compact(self, client: Any, body: dict[str, Any], messages: list[Any], usage: dict[str, Any]) -> None:
        *old, last = messages
        if self.habit == "forgets the question":
            last = {"role": "user", "content": "Go on."}
        wish = {"role": "user", "content": "Summarise the conversation so far, briefly."}
        summary = "nothing yet"
        if old and self.habit != "compacts for ever":
            short = old[: len(old) // 2] if len(old) > 2 else old[:2]
            summary = self._ask(client, body, [*short, wish], usage, stream=False).content[0].text
        messages[:] = [{"role": "user", "content": f"Summary: {summary}\n\n{last['content']}"}]


@pytest.fixture
def meet(monkeypatch: pytest.MonkeyPatch) -> Callable[[Case, str], Result]:
    """Run a case with one of the clients above, or a built-in one."""

    def meet(case: Case, client: str) -> Result:
        if client in SPOILS:
            subject: Subject = Spoilt(case_module.find_subject("anthropic"), SPOILS[client])
            monkeypatch.setattr(case_module, "find_subject", lambda name: subject)
        elif client.startswith("able"):
            able = Able(habit=client.partition(": ")[2])
            monkeypatch.setattr(case_module, "find_subject", lambda name: able)
        elif client in OPTIONS:
            import anthropic

            as_it_is = anthropic.Anthropic.__init__
            odd = OPTIONS[client]
            monkeypatch.setattr(
                anthropic.Anthropic, "__init__", lambda self, **options: as_it_is(self, **options | odd)
            )
        else:
            case = replace(case, client=client)
        try:
            return case_module.run(case)
        finally:
            monkeypatch.undo()

    return meet
