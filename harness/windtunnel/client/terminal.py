"""Shows the events of a conversation on a terminal: appended as they come, so that nothing flickers, and readable in a pipe."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from windtunnel.client.account import Account, Used
from windtunnel.client.budget import Budget
from windtunnel.client.events import (
    Answer,
    Compacted,
    Compacting,
    Discarded,
    Event,
    NotCompacted,
    Reauthenticated,
    Retrying,
    TextDelta,
    ThinkingDelta,
    ToolCall,
    ToolCallStarted,
    ToolInput,
    ToolResult,
)
from windtunnel.client.failures import Failure
from windtunnel.client.pen import Pen

if TYPE_CHECKING:
    from rich.console import Console

#: Characters of a tool's input, and of the first line of its result, that are shown.
INPUT_SHOWN: Final = 300
RESULT_SHOWN: Final = 120

_CALL, _ASIDE, _NOTE, _BAD = "cyan", "dim", "yellow", "red"
_THOUGHT = "dim italic"
#: After these the turn goes on.
_GOES_ON: Final = frozenset({"tool_use", "pause_turn"})
#: Ends that a reader expects.
_USUAL: Final = _GOES_ON | {"end_turn", "stop_sequence"}
#: What may be said of a request before its answer begins.
_HOLDING_UP: Final = (Retrying, Reauthenticated, Discarded)
_LEVELS: Final[Mapping[str, str]] = {"ok": _ASIDE, "low": _NOTE, "critical": _BAD, "spent": _BAD}


class Terminal:
    """Shows what it is given: `for event in events: terminal.show(event)`. Text of the model moves no cursor.

    With an `account`, the line behind an answer counts all requests since the last such line; with a `budget` there is a
    gauge below it. `close` at the end of a turn that may have been interrupted.
    """

    def __init__(
        self, console: Console | None = None, *, account: Account | None = None, budget: Budget | None = None
    ) -> None:
        """`console` is where to write (None: standard output)."""
        if console is None:
            from rich.console import Console

            console = Console()
        self._pen = Pen(console)
        self._account, self._budget = account, budget
        self._booked = Used() if account is None else account.total
        #: What is being written: text, thinking, or the input of a call.
        self._writing: type[Event] | None = None
        self._input = _Input()
        self._countdown: asyncio.TimerHandle | None = None
        #: The retry that is waited for.
        self._waited: Retrying | None = None
        #: What comes is about a summary, and not about an answer.
        self._compacting = False

    def show(self, event: Event) -> None:
        """Show one event."""
        self._waited_for()
        self._compacting = self._compacting and isinstance(event, _HOLDING_UP)
        match event:
            case TextDelta(text):
                self._flow(TextDelta, text)
            case ThinkingDelta(text):
                self._flow(ThinkingDelta, text, _THOUGHT)
            case ToolCallStarted(id, name):
                self._began(id, name)
            case ToolInput(id, name, partial):
                self._grew(id, name, partial)
            case ToolCall(id, name):
                self._called(event)
            case ToolResult():
                self._result(event)
            case Retrying():
                self._waits(event)
            case Discarded(failure):
                what = "The summary" if self._compacting else "What stands above of this answer"
                self.note(f"{what} does not count ({_words(failure)}). It begins anew.")
            case Reauthenticated(failure):
                self.note(f"The credential was refused ({_words(failure)}), and another obtained.")
            case Compacting():
                self._summarises(event)
            case Compacted():
                self.note(
                    f"Compacted: a summary stands for {event.replaced} messages, {event.before_tokens:,} -> "
                    f"{event.after_tokens:,} tokens."
                )
            case NotCompacted(why):
                self.note(f"Not compacted: {_short(why.rstrip('.'))}. It is sent as it is.")
            case Answer():
                self._answered(event)

    def note(self, text: str, style: str = _NOTE) -> None:
        """Say something that is not part of an answer."""
        self.close()
        self._pen.line(f"-- {text}", style)

    def trouble(self, text: object) -> None:
        """Say what went wrong."""
        self.note(str(text), _BAD)

    def close(self) -> None:
        """End the line, and any countdown."""
        self._stop_counting()
        self._waited = None
        self._pen.end_line()
        self._writing = None

    def footer(self, used: Used | None = None) -> None:
        """Write what was used since the last footer, or what is given, and the gauge."""
        self.close()
        if used is None and self._account is not None:
            total = self._account.total
            used, self._booked = total - self._booked, total
        if used is not None and used.requests:
            self._pen.line(bill(used), _ASIDE)
        if self._budget is not None:
            self._pen.line(self._budget.gauge(), _LEVELS[self._budget.level])

    # --- an answer ---------------------------------------------------------------------------------------------------

    def _flow(self, kind: type[Event], text: str, style: str = "") -> None:
        if self._writing is not kind:
            self._pen.end_line()
            self._writing = kind
        self._pen.write(text, style)

    def _began(self, id: str, name: str) -> None:
        self._pen.end_line()
        self._writing, self._input = ToolCall, _Input(id)
        self._pen.write(f"> {name} ", _CALL)

    def _grew(self, id: str, name: str, partial: Any) -> None:
        self._goes_on(id, name)
        self._pen.write(self._input.more(partial), _ASIDE)

    def _goes_on(self, id: str, name: str) -> None:
        if self._input.id != id or self._writing is not ToolCall:
            self._began(id, name)

    def _called(self, call: ToolCall) -> None:
        self._goes_on(call.id, call.name)
        if call.problem is None:
            self._pen.write(self._input.rest(call.input), _ASIDE)
        else:
            self._pen.write(f" ({call.problem})", _BAD)
        self._pen.end_line()
        self._writing = None

    def _result(self, result: ToolResult) -> None:
        text = _text_of(result.content)
        first, _, others = text.partition("\n")
        more = f" (and {_counted(others.count(chr(10)) + 1, 'more line')})" if others.strip() else ""
        what = "failed: " if result.is_error else ""
        self.close()
        self._pen.line(f"< {result.name}: {what}{_short(first)}{more}", _BAD if result.is_error else _ASIDE)

    def _answered(self, answer: Answer) -> None:
        self.close()
        if answer.stop_reason not in _USUAL:
            self.note(f"The answer ended with {answer.stop_reason}.")
        if answer.stop_reason in _GOES_ON:
            return
        if self._account is not None:
            self.footer()
            return
        from windtunnel.client.account import counted

        self.footer(counted(answer.usage) + Used(unpriced=1))

    def _summarises(self, event: Compacting) -> None:
        self._compacting = True
        left = f"; {_counted(event.left, 'message')} more will follow" if event.left else ""
        self.note(f"Summarising {_counted(event.messages, 'message')}{left} ...", _ASIDE)

    # --- waits ---------------------------------------------------------------------------------------------------------

    def _waits(self, event: Retrying) -> None:
        self.close()
        self._waited = event
        if not self._pen.can_redraw or not _in_loop():
            self._pen.line(_retry(event, f"in {event.delay_s:.1f} s"), _NOTE)
            return
        self._count(event, asyncio.get_running_loop().time() + event.delay_s)

    def _count(self, event: Retrying, until: float) -> None:
        """Write the line, and once a second anew."""
        loop = asyncio.get_running_loop()
        seconds = max(math.ceil(until - loop.time()), 0)
        self._pen.redraw(_retry(event, f"in {seconds} s" if seconds else "now"), _NOTE)
        self._countdown = loop.call_at(until - max(seconds - 1, 0), self._count, event, until) if seconds else None

    def _waited_for(self) -> None:
        """Let the line of a countdown say what it came to."""
        event, self._waited = self._waited, None
        if event is not None and self._pen.can_redraw and _in_loop():
            self._stop_counting()
            self._pen.redraw(_retry(event, f"after {event.delay_s:.1f} s"), _NOTE)

    def _stop_counting(self) -> None:
        countdown, self._countdown = self._countdown, None
        if countdown is not None:
            countdown.cancel()


class _Input:
    """The input of a call as it grows. What was shown stays, so only that is shown which will not change."""

    def __init__(self, id: str = "") -> None:
        self.id = id
        self._shown = ""

    def more(self, partial: Any) -> str:
        """Return what to append: without the brackets and quotes that close what may still go on."""
        return self._next(_json(partial).rstrip('"]}'))

    def rest(self, whole: Any) -> str:
        """Return what is left of the complete input, or how long it is."""
        text = _json(whole)
        if len(text) > INPUT_SHOWN:
            return f"{self._next(text)}... ({len(text):,} characters)"
        return self._next(text)

    def _next(self, text: str) -> str:
        text = text[:INPUT_SHOWN]
        if not text.startswith(self._shown):
            # A key came twice, or a number went on: say it anew.
            self._shown, fresh = text, f" {text}"
            return fresh
        fresh, self._shown = text[len(self._shown) :], text
        return fresh


def bill(used: Used) -> str:
    """Say in one line what was used: `1,204 in (1,100 from cache), 56 out, $0.0042, 2 requests`."""
    cached = f" ({used.cache_read_tokens:,} from cache)" if used.cache_read_tokens else ""
    told = [f"{used.prompt_tokens:,} in{cached}", f"{used.output_tokens:,} out", _cost(used)]
    told.append(_counted(used.requests, "request"))
    if used.aborted:
        told.append(f"{used.aborted} cut off")
    return ", ".join(part for part in told if part)


def _cost(used: Used) -> str:
    if used.unpriced == used.requests:
        return ""
    usd = used.cost_usd.quantize(Decimal("0.0001"))
    return f"${usd}" + (f" and {_counted(used.unpriced, 'request')} of unknown price" if used.unpriced else "")


def _retry(event: Retrying, when: str) -> str:
    """Write the line of a retry: what may be cut off stands last."""
    return f"-- Retry {event.retry} {when}: {_words(event.failure)}"


def _words(failure: Failure) -> str:
    status = "" if failure.status is None else f"{failure.status} "
    return f"{status}{failure.kind}: {_short(failure.message.strip().rstrip('.'))}"


def _text_of(content: Any) -> str:
    if isinstance(content, str):
        return content.strip()
    return "\n".join(str(block.get("text", f"[{block.get('type')}]")) for block in content).strip()


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= RESULT_SHOWN else f"{line[: RESULT_SHOWN - 3]}..."


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
