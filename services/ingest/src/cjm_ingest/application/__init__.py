"""What ingest does: take events in, import files, answer questions; one verb each."""
