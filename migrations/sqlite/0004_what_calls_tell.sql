-- What the carrier says of who rings, beside the number.

ALTER TABLE inbound_call ADD COLUMN verstat TEXT CHECK (verstat IN ('passed', 'failed', 'not_verified'));  -- NULL: it says nothing
ALTER TABLE inbound_call ADD COLUMN diverted_from TEXT;  -- whom they had rung first, where that is a number
