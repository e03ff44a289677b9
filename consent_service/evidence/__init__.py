"""Evidence that is checked without the service: bundles, receipts, proofs."""
