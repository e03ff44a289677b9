"""What a site's backend asks and tells: record, check, look up, link, agreements."""
