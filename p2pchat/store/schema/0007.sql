-- A line that its owner has rewritten does not claim that anybody else has its text.
ALTER TABLE message ADD COLUMN rewritten INTEGER NOT NULL DEFAULT 0;
