"""Protocols as terms, and an attacker who is the network: `terms`, `pairing`, `renewal`."""
