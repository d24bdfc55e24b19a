"""Signing keys of the authority, and what is verified with them: callers' assertions and people's id_tokens."""
