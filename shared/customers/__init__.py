"""The partner's customers: who they are and what the application may do there, as Partner Center tells it."""
