"""Endpoints of partners, and what they were told."""
