"""`python -m benchmarks [name …] [--quick]`: run benchmarks and print their tables."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence

from benchmarks.table import lines

#: One module each, with a `measure(*, quick: bool) -> list[Table]`.
NAMES = ("requests", "large", "tokens", "pacing", "virtual", "start", "sdk", "replay", "recording", "cassettes")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the named benchmarks, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"which to run (all): {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="few and short rounds: shows that it runs, not how fast")
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.names if name not in NAMES]
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; on offer: {', '.join(NAMES)}")
    for name in asked.names or NAMES:
        for table in importlib.import_module(f"benchmarks.{name}").measure(quick=asked.quick):
            print("\n".join(lines(table)), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
