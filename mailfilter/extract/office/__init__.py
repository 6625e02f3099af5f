"""Word processing, sheets and slides: OOXML, OpenDocument and the old binary formats."""
