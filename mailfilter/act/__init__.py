"""Act: verdicts → outcomes. Stage, then commit or abort; nothing half done."""
