"""Telegram for staff: numbers, pictures, messages when an analysis ends."""
