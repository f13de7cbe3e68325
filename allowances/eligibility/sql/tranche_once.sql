-- This tranche was not paid before, in any year.
{counted} IS NULL
