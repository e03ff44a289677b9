"""Access: officers, and api keys of programs with scopes, kept as hashes."""
