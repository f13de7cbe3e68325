"""What the funding partner tells of the municipality's account at the bank."""
