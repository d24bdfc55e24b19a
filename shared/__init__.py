"""What two or more of the three functions need; imports nothing of theirs."""
