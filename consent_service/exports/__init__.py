"""Exports: a site's events as files, in the order of the log."""
