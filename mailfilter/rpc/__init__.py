"""What two processes agree on: the calls from front to desk, and from the command line to desk."""
