"""Where this process's HTTP libraries are tapped: one file a library."""
