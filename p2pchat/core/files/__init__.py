"""Files that two people give each other: offers, consent, and which piece comes next."""
