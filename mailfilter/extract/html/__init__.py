"""HTML as a browser shows it, and what it hides."""
