"""Hand-written twins of what the product talks to, held to the real thing by the contract tests."""
