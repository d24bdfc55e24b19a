"""The partner's customers: who they are, and what the application is to have and has there."""
