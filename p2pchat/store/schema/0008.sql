-- Invites' codes at which a guess was made, each under a mark that only this home can make: never open again.
CREATE TABLE tried (
    mark    BLOB PRIMARY KEY,
    at      REAL NOT NULL,
    contact TEXT                       -- who came of it, if anybody did
) STRICT, WITHOUT ROWID;
