-- Cells kept for members who are away: other people's ciphertext.

CREATE TABLE held (
    mesh   BLOB NOT NULL REFERENCES mesh (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,           -- in the order they came, so that new ones lie together
    key    BLOB NOT NULL,
    epoch  INTEGER NOT NULL,
    slot   INTEGER NOT NULL,           -- the minute in which it was first seen
    body   BLOB NOT NULL,
    PRIMARY KEY (mesh, number)
) STRICT, WITHOUT ROWID;

-- All but the bodies: what a node loads when it starts.
CREATE INDEX held_index ON held (mesh, number, key, epoch, slot);
