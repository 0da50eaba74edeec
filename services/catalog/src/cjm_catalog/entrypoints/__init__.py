"""The RPCs of the catalog: translate and delegate."""
