-- Where members of a mesh were seen to listen, to look for them when no rendezvous is there.
CREATE TABLE listener (
    mesh BLOB PRIMARY KEY REFERENCES mesh (id) ON DELETE CASCADE,
    urls TEXT NOT NULL                 -- a JSON list, the last confirmed first
) STRICT, WITHOUT ROWID;
