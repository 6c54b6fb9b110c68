"""Recorded traffic: one format, two recorders, replay byte for byte.

`interaction.py` has the values, `files.py` reads and writes them, `redact/` keeps secrets out of them, `match.py` finds
the one that answers a request, `player.py` puts it before the fake; `record/` takes traffic down.
"""
