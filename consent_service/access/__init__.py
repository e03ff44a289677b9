"""Access of programs: api keys with scopes, kept as hashes."""
