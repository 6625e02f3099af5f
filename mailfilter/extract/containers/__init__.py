"""Files that wrap others: zip's own structure, compressed streams, nested mail."""
