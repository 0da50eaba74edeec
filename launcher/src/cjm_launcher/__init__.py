"""The cjm command: run one service or all, demo, doctor, migrate."""
