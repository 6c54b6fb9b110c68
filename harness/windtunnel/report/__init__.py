"""What a run looked like: on the terminal and as a page."""
