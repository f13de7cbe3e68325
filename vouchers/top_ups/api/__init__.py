"""What citizens' apps and the funding bank call to top up wallets and to take money back."""
