-- What waits to be sent has a kind: each payload of the node's own making was marked as a renewal. Which it is
-- shows in its encoding, a map of msgpack in the order of its keys, with the type under t.
ALTER TABLE outbox ADD COLUMN kind TEXT NOT NULL DEFAULT 'text';
UPDATE outbox SET kind = CASE
    WHEN instr(payload, x'A17405A6783235353139') THEN 'recovery'  -- type 5, and then a key called x25519
    WHEN substr(payload, -3) IN (x'A17402', x'A17403') THEN 'rekey'
    WHEN substr(payload, -3) = x'A17410' THEN 'mesh'
    ELSE 'retention'
END WHERE renewal = 1;
ALTER TABLE outbox DROP COLUMN renewal;
