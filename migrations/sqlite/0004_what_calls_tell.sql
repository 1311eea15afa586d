-- What the carrier says of who rings, beside the number.

ALTER TABLE inbound_call ADD COLUMN verstat TEXT CHECK (verstat IN ('passed', 'failed', 'not_verified'));  -- NULL: it says nothing
ALTER TABLE inbound_call ADD COLUMN diverted_from TEXT;  -- whom they had rung first, where that is a number

-- How a call's audio went over the network: before, a line `media` in the call's log, whose detail nobody could count. NULL: nothing
-- was heard, or (round trip, what was said) the far end has not reported.
ALTER TABLE attempt ADD COLUMN mos_centi BIGINT;
ALTER TABLE attempt ADD COLUMN heard_loss_permille BIGINT;
ALTER TABLE attempt ADD COLUMN heard_jitter_ms BIGINT;
ALTER TABLE attempt ADD COLUMN said_loss_permille BIGINT;
ALTER TABLE attempt ADD COLUMN said_jitter_ms BIGINT;
ALTER TABLE attempt ADD COLUMN round_trip_ms BIGINT;
ALTER TABLE inbound_call ADD COLUMN mos_centi BIGINT;
ALTER TABLE inbound_call ADD COLUMN heard_loss_permille BIGINT;
ALTER TABLE inbound_call ADD COLUMN heard_jitter_ms BIGINT;
ALTER TABLE inbound_call ADD COLUMN said_loss_permille BIGINT;
ALTER TABLE inbound_call ADD COLUMN said_jitter_ms BIGINT;
ALTER TABLE inbound_call ADD COLUMN round_trip_ms BIGINT;
