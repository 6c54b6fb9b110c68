"""The fake without I/O: a call in, a plan out.

Holds the script, the journal and the provider; never sleeps, never opens a socket, asks only its clock for the time.
Drivers on other threads may ask it at once: one lock orders them.
"""

from __future__ import annotations

import hashlib
import random
import sys
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Protocol

from windtunnel_server import faults
from windtunnel_server.call import Call
from windtunnel_server.clock import Clock
from windtunnel_server.journal import Entry, Journal, mask_body, mask_headers, mask_query
from windtunnel_server.ledger import Ledger
from windtunnel_server.model.tokens import count_input
from windtunnel_server.plan import Plan, Send
from windtunnel_server.providers.reading import endpoint_of, request_of
from windtunnel_server.script import ErrorSpec, ScriptError, Step, Then
from windtunnel_server.taking import Script
from windtunnel_server.tape import Doors, Recorded, Tape
from windtunnel_server.templates import rendered
from windtunnel_server.unread import Unread
from windtunnel_server.whole import Whole


class Unscripted(Exception):
    """A call came that no step is for, and the script says that there may be none."""

    def __init__(self, left: list[Step]) -> None:
        steps = ", ".join(step.label for step in left) or "none"
        super().__init__(
            f"no step of the script answers this call, and `then: refuse` forbids a composed answer; steps left: {steps}"
        )


class Provider(Protocol):
    """A door of the API: its routes, its dialect of request, error and stream."""

    name: str

    def max_body_bytes(self, path: str) -> int: ...

    def answer(self, call: Call, take: Callable[[str], Step | None], random: random.Random) -> Plan:
        """Answer a call. `take(endpoint)` gives the script's next step for that endpoint, or None."""
        ...

    def too_large(self, call: Call) -> Plan: ...

    def garbage(self, call: Call, why: str) -> Plan: ...

    def refuse_step(self, call: Call, why: str) -> Plan:
        """A step of the script does not fit the call: say why, in the provider's envelope."""
        ...

    def scripted(self, call: Call, spec: ErrorSpec, random: random.Random) -> Plan:
        """Answer with an error of the script's, whoever asks and for whatever."""
        ...

    def reset(self) -> None:
        """Forget what calls have left behind: batches and the like."""
        ...

    def broken(self, call: Call, why: str) -> Plan:
        """The fake itself failed: say so, in the provider's envelope."""
        ...


class Core:
    """Script in, calls in, plans out; the journal tells what happened.

    A `tape` answers in the place of the model, and of all checks: what was recorded is what happens.
    """

    def __init__(self, provider: Provider, clock: Clock, *, seed: int = 0, tape: Tape | None = None) -> None:
        self.provider = provider
        self.tape = tape
        self._place = provider.place if isinstance(provider, Doors) else _nowhere
        self.clock = clock
        self.seed = seed
        self.journal = Journal()
        self.ledger = Ledger(self.journal)
        self.script = Script(seed)
        #: Errors of the fake's own making. There should be none; the plugin fails a test for one.
        self.failures: list[Exception] = []
        self._random = random.Random(seed)
        self._lock = threading.RLock()
        #: Told after every change of the step that comes next.
        self.on_next_step: Callable[[], None] = lambda: None

    def extend_script(self, steps: Iterable[Step], *, then: Then | None = None) -> None:
        """Add steps behind those still to come, and say what follows the last one (None: what followed so far)."""
        with self._lock:
            if then is not None:
                self.script.follow(then)
            self.script.extend(steps)
        self.on_next_step()

    def reset(self) -> None:
        """Forget script, journal and what calls left behind, and start the random numbers anew."""
        with self._lock:
            self.script.clear()
            self.journal.clear()
            self.ledger.clear()
            self.failures.clear()
            self.provider.reset()
            if self.tape is not None:
                self.tape.rewind()
            self._random = random.Random(self.seed)
        self.on_next_step()

    # --- at the door: before a request is read -------------------------------------------------------------------

    def door_fault(self, at_s: float | None = None) -> Step | None:
        """The step that comes next at an instant (None: now), if it acts before a request is read."""
        with self._lock:
            return self._door_fault(self.clock.now() if at_s is None else at_s)

    def _door_fault(self, at_s: float) -> Step | None:
        step = self.script.at_the_door(at_s)
        return step if step is not None and _acts_at_the_door(step) else None

    def next_door_change(self, after_s: float) -> float | None:
        """The next instant at which another step may come next at the door, whether a call comes or not."""
        with self._lock:
            at_s = self.script.next_change(after_s)
            return at_s if at_s is not None and any(map(_acts_at_the_door, self.script.steps)) else None

    def take_door_fault(
        self, name: str, *, connection: int, sender: str | None, ended: str, at_s: float | None = None
    ) -> bool:
        """Take the next step once if it is the door fault `name`, and journal the attempt it turned away.

        `at_s` is the instant it was turned away at, for the windows of steps; None: now.
        """
        if self.script.is_blank:
            return False
        with self._lock:
            now = self.clock.now()
            step = self._door_fault(now if at_s is None else at_s)
            if step is None or step.faults[0].name != name:
                return False
            self.script.take_at_the_door(now if at_s is None else at_s)
            entry = self.journal.open(
                lambda number: Entry(
                    number=number, provider=self.provider.name, method="", path="", arrived_at=now, head_at=None
                )
            )
            entry.connection, entry.sender, entry.answered_by = connection, sender, step.label
            entry.faults = (name,)
            entry.ended, entry.ended_at = ended, now
        self.on_next_step()
        return True

    # --- requests ------------------------------------------------------------------------------------------------

    def max_body_bytes(self, path: str) -> int:
        return self.provider.max_body_bytes(path) if self.tape is None else sys.maxsize

    def answer(self, call: Call) -> tuple[Plan, Entry]:
        """Answer a request that came whole."""
        if self.tape is not None:
            return self._answer_from(self.tape, call)
        with self._lock:
            taken: list[Step] = []

            def take(endpoint: str) -> Step | None:
                facts = self.script.facts(endpoint, call, count_input)
                step = self.script.take(facts)
                if step is not None:
                    taken.append(step)
                    return rendered(step, facts)
                if self.script.then == "refuse" and endpoint == "messages":
                    raise Unscripted(self.script.left)
                return None

            plan = self._planned(call, lambda: self._composed(call, take, taken))
            entry = self._enter(call, plan)
            if entry.answered_by is None:
                entry.answered_by = taken[0].label if taken else "composed"
                entry.faults = tuple(fault.name for fault in taken[0].faults) if taken else ()
        if taken:
            self.on_next_step()
        return plan, entry

    def _composed(self, call: Call, take: Callable[[str], Step | None], taken: list[Step]) -> Plan:
        plan = self.provider.answer(call, take, self._random)
        return self._with_faults(plan, taken[0]) if taken else plan

    def _planned(self, call: Call, make: Callable[[], Plan]) -> Plan:
        try:
            return _sendable(make())
        except Unscripted as error:
            plan = self.provider.refuse_step(call, str(error))
            return Plan(plan.steps, plan.notes | {"answered_by": "unscripted"})
        except ScriptError as error:
            return self.provider.refuse_step(call, str(error))
        except Exception as error:
            # A bug of ours must neither take the server down nor pass for the API's doing.
            self.failures.append(error)
            return self.provider.broken(call, f"windtunnel itself failed: {type(error).__name__}: {error}")

    # --- recorded answers ----------------------------------------------------------------------------------------

    def _answer_from(self, tape: Tape, call: Call) -> tuple[Plan, Entry]:
        """Answer as it is recorded, unless the script says otherwise; no check of the fake's stands before that."""
        with self._lock:
            issued = self._place(call)
            endpoint = endpoint_of(call.route or call.path)
            if issued or endpoint == "token":
                return self._issued(tape, call)
            step = self._next_step(call, endpoint)
            played: list[Recorded] = []
            plan = self._planned(call, lambda: self._replayed(tape, call, step, played))
            entry = self._enter_recorded(call, plan, step, played)
        if step is not None:
            self.on_next_step()
        return plan, entry

    def _next_step(self, call: Call, endpoint: str) -> Step | None:
        facts = self.script.facts(endpoint, call, count_input)
        if self.script.is_blank:
            return None
        call.json = request_of(call)
        step = self.script.take(facts)
        return None if step is None else rendered(step, facts)

    def _replayed(self, tape: Tape, call: Call, step: Step | None, played: list[Recorded]) -> Plan:
        if step is not None and step.error is not None:
            plan = self.provider.scripted(call, step.error, self._random)
        elif step is not None and step.reply is not None:
            plan = self.provider.answer(call, lambda endpoint: step, self._random)
        else:
            found = tape.play(call, editable=step is not None and bool(step.faults))
            if found is None:
                refused = self.provider.refuse_step(call, tape.missed(call))
                return Plan(refused.steps, refused.notes | {"answered_by": "miss"})
            played.append(found)
            plan = found.plan
        return plan if step is None or not step.faults else self._with_faults(plan, step)

    def _enter_recorded(self, call: Call, plan: Plan, step: Step | None, played: list[Recorded]) -> Entry:
        entry = self._enter(call, plan, lazily=True)
        faults_laid = () if step is None else tuple(fault.name for fault in step.faults)
        if entry.answered_by is None:
            entry.faults = faults_laid
            entry.answered_by = " + ".join([played[0].label, *faults_laid]) if played else step.label if step else ""
        if played and faults_laid:
            _put_back_unless_whole(played[0], plan, entry)
        return entry

    def _issued(self, tape: Tape, call: Call) -> tuple[Plan, Entry]:
        """Credentials come from the recording where it has them, else from the fake's own issuers."""
        found = tape.play(call, editable=False)

        def taken(endpoint: str) -> Step | None:
            return self._next_step(call, endpoint)

        plan = self._planned(
            call, lambda: found.plan if found is not None else self.provider.answer(call, taken, self._random)
        )
        entry = self._enter(call, plan, lazily=found is not None)
        entry.answered_by = entry.answered_by or ("composed" if found is None else found.label)
        return plan, entry

    def take_down(self, call: Call, plan: Plan, *, answered_by: str) -> Entry:
        """Journal a call that somebody else has answered."""
        with self._lock:
            entry = self._enter(call, plan, lazily=True)
        entry.answered_by = answered_by
        return entry

    # --- what cannot be answered ---------------------------------------------------------------------------------

    def answer_too_large(self, call: Call) -> tuple[Plan, Entry]:
        with self._lock:
            plan = self.provider.too_large(call)
            return plan, self._enter(call, plan)

    def answer_garbage(self, call: Call, why: str) -> tuple[Plan, Entry]:
        with self._lock:
            plan = self.provider.garbage(call, why)
            return plan, self._enter(call, plan)

    def answer_stranger(self, call: Call) -> tuple[Plan, Entry]:
        """Refuse a client that cannot share a virtual clock."""
        why = (
            "this windtunnel runs on a virtual clock, which a client in another process, or on uvloop or another loop "
            'that connects past Python\'s sockets, cannot share: use @pytest.mark.windtunnel(clock="real"), '
            'Windtunnel(clock="real") or `windtunnel serve`'
        )
        with self._lock:
            plan = self.provider.refuse_step(call, why)
            return plan, self._enter(call, plan)

    def _with_faults(self, plan: Plan, step: Step) -> Plan:
        notes = plan.notes
        for fault in step.faults:
            plan = faults.apply(plan, fault.name, fault.options, self._random)
        return Plan(plan.steps, notes | plan.notes)

    def _enter(self, call: Call, plan: Plan, *, lazily: bool = False) -> Entry:
        """Open an entry for a call. `lazily`: what is dear to find out about it waits until somebody looks."""
        kind = Unread if lazily else Entry
        asked = {} if lazily else _of_request(call, call.json)
        entry = self.journal.open(
            lambda number: kind(
                number=number,
                provider=call.provider or self.provider.name,
                method=call.method,
                path=call.path,
                query=mask_query(call.query),
                bytes_in=len(call.body),
                arrived_at=call.arrived_at,
                # A call that was refused before it was whole never came to the later of these instants.
                head_at=call.head_at if call.head_at >= call.arrived_at else None,
                body_at=call.body_at if call.body_at >= call.arrived_at else None,
                connection=call.connection,
                sender=call.sender,
                **asked,
            )
        )
        if isinstance(entry, Unread):
            entry.later(partial(_tell_of_request, call))
        if isinstance(entry, Unread) and isinstance(plan, Whole):
            entry.later(partial(_tell_of_answer, plan))
            return entry
        _tell_of_answer(plan, entry)
        entry.answered_by = _text(plan.notes.get("answered_by"))
        charges = plan.notes.get("charges")
        if callable(charges):
            self.ledger.expect(entry, charges)
        return entry


def _sendable(plan: Plan) -> Plan:
    """Return a plan whose head can be sent; ValueError for another, for a driver would have nobody to tell."""
    if plan.head is not None:
        plan.head.lines()
    return plan


def _of_request(call: Call, body: Any) -> dict[str, Any]:
    digest = hashlib.sha256(call.body).hexdigest() if call.body else ""
    return {"headers": mask_headers(call.headers), "body": mask_body(body), "body_digest": digest}


def _tell_of_request(call: Call, entry: Entry) -> None:
    for name, value in _of_request(call, request_of(call)).items():
        setattr(entry, name, value)


def _tell_of_answer(plan: Plan, entry: Entry) -> None:
    entry.error_type = _text(plan.notes.get("error_type"))
    entry.request_id = _text(plan.notes.get("request_id"))
    entry.confidential = plan.notes.get("confidential") is True


def _acts_at_the_door(step: Step) -> bool:
    return bool(step.faults) and faults.is_door(step.faults[0].name)


def _nowhere(call: Call) -> bool:
    """A single door has no issuers beside it."""
    return False


def _put_back_unless_whole(played: Recorded, plan: Plan, entry: Entry) -> None:
    """A client that a fault has kept from the recorded answer will ask again, and has to find it."""
    recorded, told = played.plan, plan.notes.get("on_end")

    def look() -> None:
        if callable(told):
            told()
        if not (entry.steps[-1:] and entry.steps[-1].what == "end" and _all_came(recorded, entry.sent)):
            played.again()

    plan.notes["on_end"] = look


def _all_came(recorded: Plan, sent: list[bytes]) -> bool:
    """Whether the bytes came as they are recorded, or all events of a stream, whatever came beside them."""
    if b"".join(sent) == recorded.body:
        return True
    coming = iter(sent)
    return recorded.is_stream and all(
        step.data in coming for step in recorded.steps if isinstance(step, Send) and step.event is not None
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
