-- For the time when a session is of no use: recovery keys, and what is under way.
CREATE TABLE recovery (
    contact TEXT PRIMARY KEY REFERENCES contact (id) ON DELETE CASCADE,
    state   BLOB NOT NULL
) STRICT;

-- What came of it.
CREATE TABLE renewed (
    contact      TEXT PRIMARY KEY REFERENCES contact (id) ON DELETE CASCADE,
    renewed_at   REAL NOT NULL,
    renewal      BLOB NOT NULL,
    was_verified INTEGER NOT NULL,
    standing     TEXT NOT NULL
) STRICT;

-- What waits until the person says that it may go to a home that was restored.
ALTER TABLE outbox ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
