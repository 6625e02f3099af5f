"""Taking messages in: staging before the reply, keeping, answers to what was asked."""
