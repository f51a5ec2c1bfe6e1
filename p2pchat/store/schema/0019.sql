-- Names of lines that were deleted here: what refers to one later does not wait for it, and leaves no text. The last
-- 65536 are kept.
CREATE TABLE gone (
    row     INTEGER PRIMARY KEY,
    contact TEXT NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    name    TEXT NOT NULL,
    UNIQUE (contact, name)
) STRICT;

CREATE TRIGGER line_gone AFTER DELETE ON message BEGIN
    INSERT OR IGNORE INTO gone (contact, name) VALUES (old.contact, old.name);
    DELETE FROM gone WHERE row <= (SELECT max(row) FROM gone) - 65536;
END;
