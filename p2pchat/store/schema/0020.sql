-- Rooms: one more kind of conversation. Lines, what refers to them, and drafts are kept under the id of a
-- conversation; those of a contact still go with it, by a trigger, for a room has no contact. Only the text of the
-- declarations changes, not the tables, which may be large: https://sqlite.org/lang_altertable.html, step 12.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, ' REFERENCES contact (id) ON DELETE CASCADE', '')
    WHERE type = 'table' AND name IN ('message', 'reference', 'gone', 'draft');
PRAGMA writable_schema = RESET;
CREATE TRIGGER conversation_gone AFTER DELETE ON contact BEGIN
    DELETE FROM message WHERE contact = old.id;
    DELETE FROM reference WHERE contact = old.id;
    DELETE FROM gone WHERE contact = old.id;
    DELETE FROM draft WHERE conversation = old.id;
END;

-- Who wrote what came in a room; NULL: the contact.
ALTER TABLE message ADD COLUMN author TEXT;
ALTER TABLE reference ADD COLUMN author TEXT;

CREATE TABLE room (
    id         TEXT PRIMARY KEY,       -- of the conversation
    name       TEXT NOT NULL,
    mesh       BLOB NOT NULL,
    own        TEXT NOT NULL,          -- who we are in it, 64 hexadecimal digits
    joined_at  REAL NOT NULL,
    brought_by TEXT,
    loudness   TEXT NOT NULL,
    known      TEXT NOT NULL           -- JSON: contacts by the members that they are
) STRICT;

CREATE TRIGGER room_gone AFTER DELETE ON room BEGIN
    DELETE FROM reference WHERE contact = old.id;
    DELETE FROM gone WHERE contact = old.id;
    DELETE FROM draft WHERE conversation = old.id;
END;

-- What a room's machine keeps, as it encodes it.
CREATE TABLE room_record (
    room       TEXT NOT NULL REFERENCES room (id) ON DELETE CASCADE,
    name       BLOB NOT NULL,
    data       BLOB NOT NULL,
    expires_at REAL,
    PRIMARY KEY (room, name)
) STRICT;
CREATE INDEX room_record_expiring ON room_record (expires_at) WHERE expires_at IS NOT NULL;

-- Offers of rooms that are not over; what has come of a welcome is beside them.
CREATE TABLE room_offer (
    id      BLOB PRIMARY KEY,
    contact TEXT NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    name    TEXT NOT NULL,
    size    INTEGER NOT NULL,
    at      REAL NOT NULL,
    room    TEXT,                      -- of ours; NULL: it was made to us
    state   TEXT NOT NULL,
    keys    BLOB NOT NULL
) STRICT;
CREATE TABLE room_welcome (
    offer BLOB NOT NULL REFERENCES room_offer (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    part  BLOB NOT NULL,
    PRIMARY KEY (offer, place)
) STRICT;

-- Of a line of a room: its number, and what is to be known of it.
CREATE TABLE room_line (
    message    INTEGER PRIMARY KEY REFERENCES message (row) ON DELETE CASCADE,
    number     INTEGER NOT NULL,
    sent_to    INTEGER NOT NULL,
    reached    INTEGER NOT NULL,
    through    BLOB,
    lacks      INTEGER NOT NULL,
    differs    INTEGER NOT NULL,
    could_read BLOB NOT NULL           -- members, 32 bytes each
) STRICT;
