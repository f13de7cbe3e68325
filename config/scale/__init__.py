"""A made-up province at the scale of 착: millions of citizens and payments, written by set-based SQL."""
