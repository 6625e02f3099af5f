"""What runs beside the private key: answers to the public pages and to the command line."""
