"""Activities by API, and the points that citizens' apps show."""
