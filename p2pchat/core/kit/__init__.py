"""What several rooms of the core keep their state in. Knows nothing of the protocol."""
