"""The store of pickup: boxes, links, codes, what was opened."""
