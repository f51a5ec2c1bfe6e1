-- Introductions that are not over, as their machine encodes them.
CREATE TABLE introduction (
    id    BLOB PRIMARY KEY,
    state BLOB NOT NULL
) STRICT;

-- How one met a contact that was introduced: in which room, and who had brought them in, or has introduced them.
ALTER TABLE contact ADD COLUMN through_room TEXT NOT NULL DEFAULT '';
ALTER TABLE contact ADD COLUMN introduced_by TEXT NOT NULL DEFAULT '';
