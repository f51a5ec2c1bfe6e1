"""Protocols as terms, and an attacker that is the network: `terms`, `pairing`, `renewal`."""
