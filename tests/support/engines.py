"""Marks for tests that are about one engine only."""

import pytest

on_sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
on_postgres_only = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
