"""What several machines of the core keep their state in, and what bounds it: tables, moments, token buckets,
credit, quotas and back-off."""
