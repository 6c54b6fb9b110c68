"""`windtunnel chat`: the unified client as a small agent in the terminal."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer

from windtunnel.commands._demo import script
from windtunnel.commands._ending import BROKEN, give_up

if TYPE_CHECKING:
    from windtunnel.client.budget import Budget
    from windtunnel.client.sync import Client
    from windtunnel.scenario.schema import Scenario

MODEL: Final = "claude-sonnet-4-6"
HELP = (
    "Talk to a model through windtunnel's own client.\n\n"
    "The variables of the environment say which backend and credential; --fake starts the fake in place of it. Its tools are "
    "canned: nothing is run, and no file is read. Ctrl-C ends a turn, twice it leaves; /help lists the commands.\n\n"
    "    windtunnel chat --fake --budget 500000\n\n"
    "Exit code 0: left. 1: with --once, the request failed. 2: a mistake in what was asked, or no credential. 3: the tunnel "
    "itself failed. 130: left by Ctrl-C."
)


def chat(
    fake: Annotated[bool, typer.Option("--fake", help="Talk to the fake, on the machine's clock.")] = False,
    scenario: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="The weather at the fake; means --fake.")
    ] = None,
    provider: Annotated[
        str | None, typer.Option(help="The backend, whatever CLAUDE_CODE_USE_… say. \\[what they say; anthropic]")
    ] = None,
    model: Annotated[str, typer.Option(help="The model, by its name at the first-party API.")] = MODEL,
    max_tokens: Annotated[int, typer.Option(min=1, help="Tokens of one answer at most.")] = 8_192,
    budget: Annotated[int | None, typer.Option(min=1, help="Tokens for all of it, in and out. \\[no limit]")] = None,
    context_window: Annotated[
        int | None, typer.Option(min=1, help="Compact for a window of so many tokens. \\[the model's own]")
    ] = None,
    tools: Annotated[bool, typer.Option("--tools/--no-tools", help="Offer the canned tools.")] = True,
    once: Annotated[str | None, typer.Option(metavar="PROMPT", help="Say this, and leave.")] = None,
) -> None:
    from windtunnel.client.budget import Budget
    from windtunnel.client.failures import ConfigurationError

    if once is not None and not once.strip():
        give_up("--once: the prompt is empty")
    _check(provider)
    played = None if scenario is None else _scenario(scenario)
    with ExitStack() as stack:
        environ: Mapping[str, str] = _environ(provider)
        if fake or played is not None:
            environ = stack.enter_context(_fake(provider or "anthropic", played, tools=tools))
        left = None if budget is None else Budget(budget)
        try:
            client = _client(environ, left, context_window)
        except ConfigurationError as error:
            give_up(error)
        except ModuleNotFoundError as error:
            give_up(f"chat needs the package {error.name}: pip install 'windtunnel[client]'")
        code = _talk(stack.enter_context(client), left, model=model, max_tokens=max_tokens, tools=tools, once=once)
    raise typer.Exit(code)


def _check(provider: str | None) -> None:
    from windtunnel.fake import PROVIDERS
    from windtunnel_server.script import unknown_word

    if provider is not None and provider not in PROVIDERS:
        give_up(unknown_word("--provider", provider, PROVIDERS))


def _environ(provider: str | None) -> dict[str, str]:
    """Return the variables of the process, with those that choose a backend as `provider` has them."""
    from windtunnel.client.selection import FLAGS, FOUNDRY_PLACES

    environ = dict(os.environ)
    if provider is None:
        return environ
    leads_elsewhere = [*FLAGS, *(place for place in FOUNDRY_PLACES if provider != "foundry")]
    kept = {name: value for name, value in environ.items() if name not in leads_elsewhere}
    return kept | {flag: "1" for flag, name in FLAGS.items() if name == provider}


def _scenario(asked: str) -> Scenario:
    from windtunnel.scenario.library import find
    from windtunnel.scenario.load import ScenarioError

    try:
        found = find([asked])
    except ScenarioError as error:
        give_up(f"--scenario: {error}")
    if len(found) > 1:
        give_up(f"--scenario {asked}: that is {len(found)} scenarios; name the file of one without variables")
    return found[0].scenario


@contextmanager
def _fake(provider: str, scenario: Scenario | None, *, tools: bool) -> Iterator[Mapping[str, str]]:
    """Start a fake, and point this process at it."""
    from windtunnel.fake import pointed_at
    from windtunnel.tunnel import Windtunnel

    steps = script(tools=tools) if scenario is None else []
    tunnel = Windtunnel(*steps, clock="real", provider=provider, scenario=scenario, dates=False)
    try:
        tunnel.start()
    except OSError as error:
        give_up(f"the fake cannot listen: {error.strerror}", code=BROKEN)
    try:
        with pointed_at(tunnel.env):
            yield dict(os.environ)
    finally:
        tunnel.stop()


def _client(environ: Mapping[str, str], budget: Budget | None, context_window: int | None) -> Client:
    from windtunnel.client.options import Options
    from windtunnel.client.selection import choose
    from windtunnel.client.sync import Client

    choose(environ)  # somebody who is there to be asked for another key does not stand for a credential
    options = Options(context_window=context_window)
    return Client.from_env(environ, options=options, budget=budget, ask_key="terminal")


def _talk(client: Client, budget: Budget | None, *, model: str, max_tokens: int, tools: bool, once: str | None) -> int:
    from windtunnel.client import demo
    from windtunnel.client.conversation import AsyncConversation
    from windtunnel.client.terminal import Terminal
    from windtunnel.commands._talk import Talk, read_line

    conversation = AsyncConversation(
        client.asynchronous,
        model=model,
        max_tokens=max_tokens,
        system=demo.system(),
        tools=demo.TOOLS if tools else (),
        toolbox=demo.CannedToolbox() if tools else None,
    )
    account = client.asynchronous.account
    terminal = Terminal(account=account, budget=budget)
    talk = Talk(conversation, terminal, loop=client.loop, account=account, read=read_line)
    if once is not None:
        return talk.once(once)
    said = ", ".join(f"{name} {value}" for name, value in client.describe().items())
    terminal.note(f"{model}; {said}. /help lists the commands.", "dim")
    return talk.run()
