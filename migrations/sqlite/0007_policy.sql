-- What policy is asked and what it answered.

-- How the zone is known: where it is not given, calls must be lawful in every zone that the region or the number allows.
ALTER TABLE contact ADD COLUMN zone_from TEXT NOT NULL DEFAULT 'given' CHECK (zone_from IN ('given', 'region', 'number'));

-- Under which packs, with version and hash, an attempt was let go live.
ALTER TABLE attempt ADD COLUMN policy TEXT;

-- What policy answered when an attempt's turn came and it was not simply dialled.
CREATE TABLE ruling (
    id      INTEGER PRIMARY KEY,
    attempt BIGINT NOT NULL REFERENCES attempt (id),
    at      BIGINT NOT NULL,
    verdict TEXT   NOT NULL CHECK (verdict IN ('allowed', 'put_off', 'replaced', 'to_human', 'closed')),
    reason  TEXT,                               -- the rule's one word; NULL exactly for allowed
    made_by TEXT,                               -- the id of the law or `ladder`; NULL: every installation keeps it
    until   BIGINT,
    policy  TEXT   NOT NULL,
    CHECK ((verdict = 'allowed') = (reason IS NULL))
);
CREATE INDEX ruling_attempt ON ruling (attempt);
CREATE TRIGGER ruling_unchanged BEFORE UPDATE ON ruling
BEGIN
    SELECT RAISE(ABORT, 'ruling is append-only');
END;
CREATE TRIGGER ruling_stays BEFORE DELETE ON ruling
BEGIN
    SELECT RAISE(ABORT, 'ruling is append-only');
END;

-- A number is taken off the list by hand only, and the books keep why.
CREATE TABLE released_number (
    id     INTEGER PRIMARY KEY,
    number TEXT   NOT NULL,
    reason TEXT   NOT NULL,                    -- why it was on the list
    since  BIGINT NOT NULL,
    why    TEXT   NOT NULL,                    -- why it no longer is, in plain words
    at     BIGINT NOT NULL
);
CREATE TRIGGER released_number_unchanged BEFORE UPDATE ON released_number
BEGIN
    SELECT RAISE(ABORT, 'released_number is append-only');
END;
CREATE TRIGGER released_number_stays BEFORE DELETE ON released_number
BEGIN
    SELECT RAISE(ABORT, 'released_number is append-only');
END;
