"""What a client proves itself by, by kind: where it comes from, and where another comes from when one is refused."""
