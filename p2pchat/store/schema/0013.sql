-- What the person has set, as it was written (p2pchat.config has the names).
CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
