"""Archives: zip, 7z, rar, cab, and what libarchive reads."""
