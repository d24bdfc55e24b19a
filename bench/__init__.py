"""The measurements, each a command that prints ratios: python -m bench.start, python -m bench.token."""
