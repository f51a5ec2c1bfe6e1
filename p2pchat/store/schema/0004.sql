-- What is decided about a conversation.
ALTER TABLE contact ADD COLUMN muted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contact ADD COLUMN lasts_s REAL NOT NULL DEFAULT 0;      -- 0: for ever
ALTER TABLE contact ADD COLUMN lasts_since REAL NOT NULL DEFAULT 0;

-- Ids of our own lines that were forgotten: a script that gives one again must not believe that it sends something.
CREATE TABLE forgotten (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

CREATE TRIGGER message_forgotten AFTER DELETE ON message WHEN old.outgoing BEGIN
    INSERT OR IGNORE INTO forgotten (id) VALUES (old.id);
END;
