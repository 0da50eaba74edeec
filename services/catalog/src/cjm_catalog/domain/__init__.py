"""The rules of the catalog: who people are, what they may do, what a mapping and an import are."""
