"""Scenarios: a named script of replies and faults, with what is expected of a client that meets it."""
