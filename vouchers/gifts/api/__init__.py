"""Gifts, for citizens' apps."""
