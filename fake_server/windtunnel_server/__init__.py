"""A faithful fake of the Anthropic Messages API. Usable alone; knows nothing of pytest or the harness."""
