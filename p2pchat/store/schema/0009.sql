-- How long messages have waited (core/messaging/patience), and what the machine's clock said then.
CREATE TABLE patience (
    id  INTEGER PRIMARY KEY CHECK (id = 1),
    at  REAL NOT NULL,
    now REAL NOT NULL
) STRICT;
