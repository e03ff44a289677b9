"""Documents: a site's Privacy Policy, Terms and other legal texts, in immutable versions."""
