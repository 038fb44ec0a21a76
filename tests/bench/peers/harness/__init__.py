"""What both comparisons share. Only Python's own library: a process that starts others should be small, since their
peak memory counts from its own."""
