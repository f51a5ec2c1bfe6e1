"""The keys and counters of one contact, and how both ends make a new session when one of them went back."""
