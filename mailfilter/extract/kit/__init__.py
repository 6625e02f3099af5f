"""What all readers share: budget, context, characters, tables, XML as text."""
