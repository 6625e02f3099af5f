"""Plain text, quoted text, separated values, cards and calendars."""
