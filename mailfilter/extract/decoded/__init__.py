"""Text that hides in text: base64, escapes, disguised signs, files written into a body."""
