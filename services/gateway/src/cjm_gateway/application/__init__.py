"""Decisions of the gateway that need no transport: gathering events, remembering tokens."""
