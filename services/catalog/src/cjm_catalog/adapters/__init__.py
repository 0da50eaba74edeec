"""The outside things the catalog uses: a relational database, the bus, a password hash."""
