"""The API that partners' apps call: credentials, bodies, views, and the document that describes them."""
