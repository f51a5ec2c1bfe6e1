"""The keys and counters of one contact, and how both ends begin anew when one of them went back."""
