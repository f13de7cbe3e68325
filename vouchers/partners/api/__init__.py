"""What every route of the API shares: credentials, the base of its views, and the document that describes them."""
