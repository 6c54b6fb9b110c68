"""`python -m windtunnel` is the `windtunnel` command."""

from __future__ import annotations

from windtunnel.cli import main

if __name__ == "__main__":
    main()
