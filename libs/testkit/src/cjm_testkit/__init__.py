"""Development only: throw-away servers, builders and fakes."""
