"""The REST API, one room per resource, and the web page."""
