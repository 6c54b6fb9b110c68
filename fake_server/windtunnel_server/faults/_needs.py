"""What a fault needs of the plan it is laid over, and what to write where the plan has none of it."""

from __future__ import annotations

from windtunnel_server.plan import Head, Plan
from windtunnel_server.script import ScriptError


def head(plan: Plan, fault: str) -> Head:
    """Return the head; a plan that ends before one has nothing left for the fault to act on."""
    found = plan.head
    if found is None:
        raise ScriptError(
            f"{fault}: an earlier fault ends the connection before the headers, nothing is left to act on; "
            f"leave one of the two out"
        )
    return found


def plain(plan: Plan, fault: str) -> Head:
    """Require a body that is not compressed yet."""
    found = head(plan, fault)
    coding = found.header("content-encoding")
    if coding is not None:
        raise ScriptError(f"{fault} works on the plain body, and this one is {coding} by now; lay gzip behind {fault}")
    return found


def stream(plan: Plan, fault: str, instead: str) -> Head:
    """Require a plain streamed reply with events in it; `instead` is the remedy for one that is not streamed."""
    found = plain(plan, fault)
    if plan.is_stream:
        return found
    if (found.header("content-type") or "").startswith("text/event-stream"):
        raise ScriptError(f"{fault} acts on events, and an earlier fault left none; lay {fault} before it")
    raise ScriptError(f"{fault} needs a streamed reply, and this one is not streamed; {instead}")


def json_body(plan: Plan, fault: str, instead: str) -> Head:
    """Require a plain reply that is not streamed and has a body."""
    found = plain(plan, fault)
    if plan.is_stream:
        raise ScriptError(f"{fault} needs a reply that is not streamed, and this one is; {instead}")
    if not plan.body:
        raise ScriptError(f"{fault}: an earlier fault left no body; lay {fault} before it")
    return found
