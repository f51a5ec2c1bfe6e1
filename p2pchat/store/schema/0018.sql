-- What both ends call a line, which one it answers, whether it mentions whoever it came to, and what it is if it is
-- nothing that this version knows.
ALTER TABLE message ADD COLUMN name TEXT NOT NULL DEFAULT '';
UPDATE message SET name = CASE outgoing
    WHEN 1 THEN message_name((SELECT identity_key FROM identity), id)
    ELSE id
END;
CREATE INDEX message_by_name ON message (name, contact);
ALTER TABLE message ADD COLUMN answers TEXT;                  -- a name
ALTER TABLE message ADD COLUMN mentions INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN unknown INTEGER NOT NULL DEFAULT 0;  -- the type of a payload

-- What refers to a line and has none of its own.
CREATE TABLE reference (
    row         INTEGER PRIMARY KEY,
    id          TEXT NOT NULL,
    contact     TEXT NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    outgoing    INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    target      TEXT NOT NULL,      -- the name of the line
    turn        INTEGER NOT NULL,
    at          REAL NOT NULL,
    text        TEXT NOT NULL,
    state       TEXT NOT NULL,
    mentions    INTEGER NOT NULL,
    expires_at  REAL,
    waits_until REAL,               -- for the line; NULL: that is here
    UNIQUE (contact, outgoing, id)
) STRICT;
CREATE INDEX reference_by_target ON reference (target, contact);
CREATE INDEX reference_by_id ON reference (id);
CREATE INDEX reference_expiring ON reference (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX reference_waiting ON reference (waits_until) WHERE waits_until IS NOT NULL;

-- What a line said before it was corrected or withdrawn.
CREATE TABLE version (
    message  INTEGER NOT NULL REFERENCES message (row) ON DELETE CASCADE,
    id       TEXT NOT NULL,
    turn     INTEGER NOT NULL,
    at       REAL NOT NULL,
    text     TEXT NOT NULL,
    mentions INTEGER NOT NULL,
    PRIMARY KEY (message, id)
) STRICT;

-- What refers to a line goes with it.
CREATE TRIGGER reference_forgotten AFTER DELETE ON message BEGIN
    DELETE FROM reference WHERE target = old.name AND contact = old.contact;
END;
