"""One module per outside thing: Telegram, the database, the other services, the chart library."""
