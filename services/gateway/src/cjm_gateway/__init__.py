"""The public REST API and the web page."""
