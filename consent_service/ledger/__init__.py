"""The log: one ordered sequence of leaves per site and epoch, from which proofs are made."""
