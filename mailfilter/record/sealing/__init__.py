"""Keys and sealing: what only desk can open."""
