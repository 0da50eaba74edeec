"""Transport shared by every service: errors, settings, logging, telemetry, runtime, rpc, bus, db."""
