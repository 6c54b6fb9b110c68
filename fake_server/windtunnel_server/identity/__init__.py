"""Who asks: one file an issuer of credentials."""
