-- One home's memory. Times are Unix seconds; blobs are as the core encodes them.

CREATE TABLE identity (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    name       TEXT NOT NULL,
    account    BLOB NOT NULL,
    pickle_key BLOB NOT NULL,
    identity_key BLOB NOT NULL,
    rendezvous TEXT NOT NULL,          -- JSON list of URLs
    created_at REAL NOT NULL
) STRICT;

CREATE TABLE mesh (
    id         BLOB PRIMARY KEY,
    secret     BLOB NOT NULL,
    rendezvous TEXT NOT NULL,          -- JSON list of URLs
    joined_at  REAL NOT NULL
) STRICT;

CREATE TABLE contact (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    identity_key BLOB NOT NULL,
    mesh         BLOB NOT NULL REFERENCES mesh (id),
    how          TEXT NOT NULL,
    added_at     REAL NOT NULL,
    verified     INTEGER NOT NULL,
    blocked      INTEGER NOT NULL
) STRICT;

CREATE TABLE session (
    contact TEXT PRIMARY KEY REFERENCES contact (id) ON DELETE CASCADE,
    olm     BLOB NOT NULL,
    chains  BLOB NOT NULL
) STRICT;

CREATE TABLE outbox (
    id         TEXT PRIMARY KEY,
    contact    TEXT NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    payload    BLOB NOT NULL,
    place      INTEGER NOT NULL,
    expires_at REAL NOT NULL,
    number     INTEGER,
    ciphertext BLOB,
    renewal    INTEGER NOT NULL
) STRICT;

CREATE TABLE message (
    row      INTEGER PRIMARY KEY,      -- the order in which lines came to be here
    id       TEXT NOT NULL,
    contact  TEXT NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    outgoing INTEGER NOT NULL,
    at       REAL NOT NULL,
    text     TEXT NOT NULL,
    state    TEXT NOT NULL,
    heard    INTEGER NOT NULL DEFAULT 0,  -- incoming: was given to a listener
    UNIQUE (contact, outgoing, id)
) STRICT;

CREATE INDEX message_by_contact ON message (contact, row);
CREATE INDEX message_by_id ON message (id);
CREATE INDEX message_unheard ON message (row) WHERE heard = 0 AND outgoing = 0;
