"""The banner's code: composed for each site, served, and kept for good."""
