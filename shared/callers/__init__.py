"""Who asks: a caller or an operator, known by a verified assertion."""
