"""Entra ID as the broker uses it: an authority for each tenant, its tokens and errors, the application's credential."""
