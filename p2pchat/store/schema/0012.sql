-- Which rendezvous of a mesh others have named. Who named those of older homes is not known: theirs, then, unless the
-- identity has them, too.
ALTER TABLE mesh ADD COLUMN theirs TEXT NOT NULL DEFAULT '[]';  -- JSON list of URLs
UPDATE mesh SET theirs = rendezvous;

-- A mesh may follow another, from which somebody was removed.
ALTER TABLE mesh ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mesh ADD COLUMN begins_at REAL NOT NULL DEFAULT 0;
ALTER TABLE mesh ADD COLUMN replaces BLOB;                       -- not joined yet: where we are until then
ALTER TABLE mesh ADD COLUMN successor BLOB;
ALTER TABLE mesh ADD COLUMN replaced_at REAL NOT NULL DEFAULT 0;
