"""What people and services do with the catalog, one verb each."""
