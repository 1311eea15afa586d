-- Calls that came in. They have no attempt, since nobody was to be reached; their numbers are below zero, so that no call has
-- the number of another. The caller's number is a hint, never a proof, and therefore names no contact.

CREATE TABLE inbound_call (
    id          INTEGER PRIMARY KEY CHECK (id < 0),
    did         TEXT   NOT NULL,
    caller      TEXT,                         -- NULL: withheld, or no number
    flow        TEXT   NOT NULL,              -- name@version
    answered_at BIGINT NOT NULL,
    ended_at    BIGINT,
    disposition TEXT,
    cause       TEXT,
    talk_ms     BIGINT,
    CHECK ((ended_at IS NULL) = (disposition IS NULL)),
    CHECK ((ended_at IS NULL) = (talk_ms IS NULL))
);
CREATE INDEX inbound_call_up ON inbound_call (id) WHERE ended_at IS NULL;
CREATE TRIGGER inbound_call_stays BEFORE DELETE ON inbound_call
BEGIN
    SELECT RAISE(ABORT, 'calls are never deleted');
END;

-- Numbers not to be called, whoever has them now or is imported with them later: said by somebody who rang from one.
CREATE TABLE suppressed_number (
    number TEXT   PRIMARY KEY,
    reason TEXT   NOT NULL,
    at     BIGINT NOT NULL
);
CREATE INDEX phone_number ON phone (number);
CREATE TRIGGER phone_suppressed AFTER INSERT ON phone
WHEN EXISTS (SELECT 1 FROM suppressed_number WHERE number = NEW.number)
BEGIN
    INSERT INTO suppression (contact, phone, scope, reason, at)
    SELECT NEW.contact, NEW.id, 'number', reason, at FROM suppressed_number WHERE number = NEW.number
    ON CONFLICT DO NOTHING;
END;

CREATE TABLE inbound_call_event (
    id     INTEGER PRIMARY KEY,
    call   BIGINT NOT NULL REFERENCES inbound_call (id),
    at     BIGINT NOT NULL,
    kind   TEXT   NOT NULL,
    detail TEXT   NOT NULL
);
CREATE INDEX inbound_call_event_call ON inbound_call_event (call);
CREATE TRIGGER inbound_call_event_unchanged BEFORE UPDATE ON inbound_call_event
BEGIN
    SELECT RAISE(ABORT, 'inbound_call_event is append-only');
END;
CREATE TRIGGER inbound_call_event_stays BEFORE DELETE ON inbound_call_event
BEGIN
    SELECT RAISE(ABORT, 'inbound_call_event is append-only');
END;
