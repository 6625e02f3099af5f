"""Pickup on desk's side: deposits, the mails about them, and the DNS they need."""
