"""The event store: the only room that knows ClickHouse."""
