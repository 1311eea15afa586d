-- The list of those who are not to be called as keyed hashes; people erased, and what is purged when its time is over.

-- Of HMAC-SHA-256; src/books/suppression.rs says what it protects against. Another key would take everybody off the list.
CREATE TABLE suppression_key (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    key TEXT    NOT NULL CHECK (length(key) = 64)
);
INSERT INTO suppression_key (one, key) VALUES (1, lower(hex(randomblob(32))));
CREATE TRIGGER suppression_key_unchanged BEFORE UPDATE ON suppression_key
BEGIN
    SELECT RAISE(ABORT, 'the key of the list is never changed');
END;
CREATE TRIGGER suppression_key_stays BEFORE DELETE ON suppression_key
BEGIN
    SELECT RAISE(ABORT, 'the key of the list is never changed');
END;

-- Numbers were kept in clear. SQLite has no HMAC, so the program moves these two over at its next opening, and drops them.
DROP TRIGGER phone_suppressed;
ALTER TABLE suppressed_number RENAME TO suppressed_number_in_clear;
ALTER TABLE released_number RENAME TO released_number_in_clear;
DROP TRIGGER released_number_unchanged;
DROP TRIGGER released_number_stays;

CREATE TABLE suppressed_number (
    hash   TEXT   PRIMARY KEY,
    reason TEXT   NOT NULL,
    at     BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE released_number (
    id     INTEGER PRIMARY KEY,
    hash   TEXT   NOT NULL,
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

-- People who are in the books no more and are not to be contacted when they come again: by a creditor's key, and by their own.
CREATE TABLE suppressed_person (
    hash   TEXT   PRIMARY KEY,
    reason TEXT   NOT NULL,
    at     BIGINT NOT NULL
) WITHOUT ROWID;
CREATE TRIGGER suppressed_person_stays BEFORE DELETE ON suppressed_person
BEGIN
    SELECT RAISE(ABORT, 'who asked not to be contacted stays on the list');
END;

-- Somebody asked to erase them: what no law holds is gone, the rest goes when its time is over.
ALTER TABLE contact ADD COLUMN erase_asked_at BIGINT;
-- Nothing is left but counts and sums, without a name, a number or a key.
ALTER TABLE contact ADD COLUMN erased_at BIGINT;

-- Calls whose log is being erased, within one transaction; empty otherwise.
CREATE TABLE erasing (call BIGINT PRIMARY KEY) WITHOUT ROWID;
DROP TRIGGER call_event_stays;
CREATE TRIGGER call_event_stays BEFORE DELETE ON call_event WHEN NOT EXISTS (SELECT 1 FROM erasing WHERE call = OLD.call)
BEGIN
    SELECT RAISE(ABORT, 'call_event is append-only');
END;
DROP TRIGGER inbound_call_event_stays;
CREATE TRIGGER inbound_call_event_stays BEFORE DELETE ON inbound_call_event
WHEN NOT EXISTS (SELECT 1 FROM erasing WHERE call = OLD.call)
BEGIN
    SELECT RAISE(ABORT, 'inbound_call_event is append-only');
END;
CREATE INDEX inbound_call_caller ON inbound_call (caller) WHERE caller IS NOT NULL;

-- What each day's purge did, in words.
CREATE TABLE purge (
    id     INTEGER PRIMARY KEY,
    at     BIGINT NOT NULL,
    report TEXT   NOT NULL
);
