"""The API of on-demand exchange, for shops' apps."""
