-- Files, offered to a contact or by one. Their content is beside the database, sealed under the key in the row.
CREATE TABLE file (
    id         TEXT PRIMARY KEY,
    contact    TEXT NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    outgoing   INTEGER NOT NULL,
    called     TEXT NOT NULL,
    at         REAL NOT NULL,
    name       TEXT NOT NULL,
    size       INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    salt       BLOB NOT NULL,
    root       BLOB NOT NULL,
    key        BLOB NOT NULL,
    state      TEXT NOT NULL,
    changed_at REAL NOT NULL,
    pieces     BLOB NOT NULL,
    expires_at REAL
) STRICT;
