"""Streams of AWS frames as plans: paced as the first-party ones, without pings, which Bedrock never sends (FACTS)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from windtunnel_server.plan import End, Head, Headers, Plan, Send, Step, Wait
from windtunnel_server.script import Stream
from windtunnel_server.wire.eventstream import Frame


@dataclass(frozen=True, slots=True)
class Piece:
    """One frame of a stream, the name it goes by in the journal, and the output tokens it brings."""

    name: str
    frame: Frame
    tokens: int = 0


def streamed(headers: Headers, pieces: Sequence[Piece], pacing: Stream | None) -> Plan:
    """Frames one after the other, with the silences that `pacing` asks for in between."""
    pacing = pacing or Stream()
    steps: list[Step] = [*_silence(pacing.first_byte), Head(200, headers)]
    for piece in pieces:
        if pacing.tokens_per_second > 0:
            steps += _silence(piece.tokens / pacing.tokens_per_second)
        steps.append(Send(piece.frame.encode(), piece.name))
    return Plan((*steps, End()))


def taken_s(output_tokens: int, pacing: Stream | None) -> float:
    """How long an answer takes, in seconds on the clock: what the metrics of an answer say."""
    if pacing is None:
        return 0.0
    return pacing.first_byte + (output_tokens / pacing.tokens_per_second if pacing.tokens_per_second > 0 else 0.0)


def _silence(for_s: float) -> list[Step]:
    return [Wait(for_s)] if for_s > 0 else []
