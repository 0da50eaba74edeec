"""The ways in: gRPC and the bus; translate and delegate."""
