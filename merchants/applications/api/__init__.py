"""The API of applications, for shops' apps."""
