"""Threads that are blocked where we cannot see it: in a lock, a join, a queue.

Such a thread never says that it waits. It is judged to when the kernel shows it asleep and it has used no processor
time over several looks, between which the interpreter was free for it to take. A thread once judged still stays so
until it has run again, so later looks cost no waiting.

The figures come from Linux's /proc. Elsewhere there are none, and a while of real time stands in for every look.
"""

from __future__ import annotations

import threading
from pathlib import Path

from windtunnel_server.clock import REAL, Party, VirtualClock

_LOOKS = 3
_BETWEEN_LOOKS_S = 0.001
#: Most threads that wake park again at once; only those that do not are worth a look.
_BEFORE_LOOKING_S = 0.002
_LONGEST_PAUSE_S = 0.01
#: Real time given to a loop that also waits for a socket from outside this process.
FOREIGN_GRACE_S = 0.02


_TASKS = Path("/proc/self/task")
#: Where the kernel tells nothing: so long without a sign of life is taken for being blocked (unverified: a guess).
_BLIND_WAIT_S = 0.05


def _asleep_after(party: Party) -> int | None:
    """Processor time of a thread in ns, if the kernel shows it asleep; None if it runs, may run, or is unknown."""
    folder = _TASKS / str(party.native_id)
    try:
        before = (folder / "schedstat").read_bytes()
        state = (folder / "stat").read_bytes().rpartition(b")")[2].split()[0]
        after = (folder / "schedstat").read_bytes()
    except OSError:
        return None
    if state != b"S" or before != after:
        return None
    return int(after.split()[0])


#: In place of a processor time, for a thread that was judged without one: good for one move only.
_BLIND = -1


def is_still(party: Party) -> bool:
    """Whether an unparked party was judged still and has not run since."""
    return party.still_at == _BLIND or (party.still_at is not None and party.still_at == _asleep_after(party))


class Keeper:
    """A thread that gives real time to what a virtual clock cannot see, then lets it move."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._asked = threading.Event()
        self._stopped = False
        self._thread: threading.Thread | None = None
        clock.is_still = is_still
        clock.look_again = self._look_again

    def _look_again(self) -> None:
        if self._thread is None and not self._stopped:
            self._thread = threading.Thread(target=self._run, name="windtunnel clock keeper", daemon=True)
            # Not through the patched start: the keeper is no party to the clock.
            from windtunnel_server.inprocess.threads import _real_start

            _real_start(self._thread)
        self._asked.set()

    def stop(self) -> None:
        self._stopped = True
        self._asked.set()
        if self._thread is not None:
            self._thread.join(5.0)

    def _run(self) -> None:
        while True:
            self._asked.wait()
            self._asked.clear()
            REAL.sleep(_BEFORE_LOOKING_S)
            if self._stopped:
                return
            self._give_time()

    def _give_time(self) -> None:
        """Look at the busy threads for as long as somebody waits for an instant while they may be blocked."""
        pause = _BETWEEN_LOOKS_S
        while not self._stopped:
            parties = self._clock.parties
            timed = [party for party in parties if party.parked and party.deadline is not None]
            foreign = any(party.has_foreign for party in parties if party.parked)
            if not timed or not (foreign or any(not party.parked for party in parties)):
                return
            if self._judge():
                if foreign:
                    REAL.sleep(FOREIGN_GRACE_S)
                if (not foreign or self._judge()) and self._clock.try_move(patient=True):
                    pause = _BETWEEN_LOOKS_S
                for party in parties:
                    party.still_at = None if party.still_at == _BLIND else party.still_at
            REAL.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE_S)

    def _judge(self) -> bool:
        """Look at every busy party several times; True when all of them are still."""
        busy = [party for party in self._clock.parties if not party.parked]
        if busy and not _TASKS.is_dir():
            return self._judge_blindly(busy)
        first = {id(party): _asleep_after(party) for party in busy}
        for _ in range(_LOOKS if busy else 0):
            REAL.sleep(_BETWEEN_LOOKS_S)
            if any(
                p.at_clock or first[id(p)] is None or _asleep_after(p) != first[id(p)] for p in busy if not p.parked
            ):
                return False
        for party in busy:
            party.still_at = first[id(party)]
        return True

    def _judge_blindly(self, busy: list[Party]) -> bool:
        before = self._clock.now()
        REAL.sleep(_BLIND_WAIT_S)
        if self._clock.now() != before or any(party.at_clock or party.native_id == 0 for party in busy):
            return False
        for party in busy:
            party.still_at = _BLIND
        return True
