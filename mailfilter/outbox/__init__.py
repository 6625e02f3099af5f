"""What waits to leave: mail that was released or handed over, and our own notices."""
