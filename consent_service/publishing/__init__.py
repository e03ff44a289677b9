"""Publishing: from a site's folder to its settings, document versions and notices."""
