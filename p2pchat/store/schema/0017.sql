-- What was begun to be written in a conversation, and not sent.
CREATE TABLE draft (
    conversation TEXT PRIMARY KEY REFERENCES contact (id) ON DELETE CASCADE,
    text         TEXT NOT NULL
) STRICT;
