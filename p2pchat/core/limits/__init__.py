"""Bounds on what a neighbour or contact may cause: token buckets, allowances, quotas and back-off."""
