"""The commands of `windtunnel`, a file each. Nothing heavy is imported before a command runs."""
