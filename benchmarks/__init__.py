"""How fast the fake is, as ratios measured side by side in one run: `python -m benchmarks [name …] [--quick]`."""
