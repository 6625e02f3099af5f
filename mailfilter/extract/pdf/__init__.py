"""PDF: text, pictures, and what lies beside the pages."""
