-- What tells that a part of the store is older than the rest, or all of it than the file beside it: a keyed sum over the
-- rows that decide whom we trust and with which keys, and how often it has changed.
CREATE TABLE witness (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    sum   BLOB NOT NULL,
    count INTEGER NOT NULL
) STRICT;
