"""Decisions of the gateway that need no transport."""
