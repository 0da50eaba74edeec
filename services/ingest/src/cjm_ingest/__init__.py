"""Takes events in, owns the event store, answers questions about events."""
