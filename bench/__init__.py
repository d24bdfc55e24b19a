"""The measurements, each a command that prints ratios: python -m bench.start, bench.token, bench.refresh."""
