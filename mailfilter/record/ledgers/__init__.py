"""The audit log with its proofs and checkpoints, and the counters."""
