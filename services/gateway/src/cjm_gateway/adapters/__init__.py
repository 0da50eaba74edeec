"""The outside things of the gateway."""
