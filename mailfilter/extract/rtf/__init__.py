"""RTF: its tokens and its text."""
