-- When the last backup was made that is of use.
CREATE TABLE backup (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    at  REAL NOT NULL
) STRICT;
