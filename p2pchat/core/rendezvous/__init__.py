"""Connections to rendezvous, the seats that are taken there, and the servers that they name."""
