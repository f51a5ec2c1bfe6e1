-- What is decided about a conversation.
ALTER TABLE contact ADD COLUMN muted INTEGER NOT NULL DEFAULT 0;
