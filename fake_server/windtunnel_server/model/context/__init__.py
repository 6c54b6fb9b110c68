"""What the service does to a conversation that grows: it clears, it compacts, and says so (wire.md 9)."""
