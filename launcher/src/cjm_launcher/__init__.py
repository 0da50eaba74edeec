"""The cjm command: run one service or all, demo, doctor, migrate."""

import os

# Read by gRPC at import: its fork handlers only chatter on the terminal, and no fork here goes on in Python.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")
