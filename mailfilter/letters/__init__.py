"""What we write to people: notices and answers, in their languages."""
