"""Daily reports and home numbers."""
