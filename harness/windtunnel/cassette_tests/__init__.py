"""Cassettes in pytest: which files a test plays, what it may reach meanwhile, and what is said when the run is over."""
