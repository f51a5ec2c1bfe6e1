-- Lines that came are called by who sent them and what the sender called them, so that no sender can take the id of
-- another's line, or of one of ours.
UPDATE message SET id = received_id(contact, id) WHERE outgoing = 0;
