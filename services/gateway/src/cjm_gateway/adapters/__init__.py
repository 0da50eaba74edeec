"""The outside things of the gateway: the bucket of kept answers."""
