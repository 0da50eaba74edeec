"""Ways in: gRPC from the page, chats from Telegram, facts from the bus."""
