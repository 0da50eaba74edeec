"""The ways in: gRPC, the bus, the worker process."""
