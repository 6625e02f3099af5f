"""The line between smtp processes and desk."""
