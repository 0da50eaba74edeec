"""The outside things of ingest: event store, stream, files, catalog."""
