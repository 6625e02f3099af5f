"""Pictures: bitmaps, metafiles, what is written beside them, and OCR."""
