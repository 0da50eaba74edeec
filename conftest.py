"""Every test suite of the workspace uses the fixtures of the test kit."""

pytest_plugins = ["cjm_testkit.plugin"]
