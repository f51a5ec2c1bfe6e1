-- Each line keeps the moment at which it is to be forgotten, so that a decision concerns only what follows it.
ALTER TABLE message ADD COLUMN expires_at REAL;                         -- NULL: never
UPDATE message SET expires_at = at + (SELECT lasts_s FROM contact WHERE contact.id = message.contact)
    WHERE (SELECT lasts_s FROM contact WHERE contact.id = message.contact) > 0;
CREATE INDEX message_expiring ON message (expires_at) WHERE expires_at IS NOT NULL;

-- Decisions are numbered: a clock decides nothing.
ALTER TABLE contact ADD COLUMN lasts_turn INTEGER NOT NULL DEFAULT 0;
UPDATE contact SET lasts_turn = 1 WHERE lasts_since > 0;
ALTER TABLE contact DROP COLUMN lasts_since;
