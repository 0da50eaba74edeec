"""Who may see what: staff, datasets, grants, tokens, mappings, import log."""
