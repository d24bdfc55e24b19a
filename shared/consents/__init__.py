"""Stored consents: what a person's consent becomes in Key Vault, how it is read, and how it is doing."""
