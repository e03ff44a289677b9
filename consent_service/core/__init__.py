"""Pure rules: time, ids, errors, canonical JSON, keys, hashes. Knows no database and no web."""
