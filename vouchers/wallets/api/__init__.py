"""Members, and what is in their wallets, for citizens' apps."""
