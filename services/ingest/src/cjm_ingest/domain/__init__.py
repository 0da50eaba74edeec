"""The rules of events, journeys, filters and files."""
