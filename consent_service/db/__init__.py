"""The database: one interface over SQLite and PostgreSQL. Knows no feature."""
