-- The books, first edition. Times (`*_at`, `lease_until`) are microseconds since 1970-01-01T00:00Z; days are
-- `YYYY-MM-DD`; amounts are minor units. Column names are the Rust fields of src/books/rows.rs.
-- What cannot be true is refused here, whatever the program does.

CREATE TABLE contact (
    id          INTEGER PRIMARY KEY,
    external_id TEXT   NOT NULL UNIQUE,
    name        TEXT   NOT NULL,
    language    TEXT   NOT NULL,
    zone        TEXT   NOT NULL,
    email       TEXT,
    creditor    TEXT   NOT NULL,
    fields      TEXT   NOT NULL,              -- JSON object of further CSV columns
    imported_at BIGINT NOT NULL
);

CREATE TABLE debt (
    contact  INTEGER PRIMARY KEY REFERENCES contact (id),
    amount   BIGINT  NOT NULL,
    currency TEXT    NOT NULL,
    due      TEXT    NOT NULL,
    paid     INTEGER NOT NULL DEFAULT 0 CHECK (paid IN (0, 1))
);

CREATE TABLE phone (
    id       INTEGER PRIMARY KEY,
    contact  BIGINT NOT NULL REFERENCES contact (id),
    number   TEXT   NOT NULL,
    state    TEXT   NOT NULL CHECK (state IN ('good', 'bad', 'wrong')),
    position BIGINT,                          -- NULL: the creditor no longer lists it
    UNIQUE (contact, number),
    UNIQUE (id, contact)
);

CREATE TABLE campaign (
    id         INTEGER PRIMARY KEY,
    name       TEXT   NOT NULL UNIQUE,
    state      TEXT   NOT NULL CHECK (state IN ('draft', 'running', 'paused', 'stopped', 'finished')),
    ladder     TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE flow_version (
    hash    TEXT   PRIMARY KEY,
    name    TEXT   NOT NULL,
    version BIGINT NOT NULL,
    source  TEXT   NOT NULL
);

CREATE TABLE campaign_flow (
    campaign BIGINT NOT NULL REFERENCES campaign (id),
    flow     TEXT   NOT NULL REFERENCES flow_version (hash),
    position BIGINT NOT NULL,
    PRIMARY KEY (campaign, flow)
);

-- Without a close_reason, the campaign has an open attempt for the contact.
CREATE TABLE campaign_contact (
    campaign     BIGINT NOT NULL REFERENCES campaign (id),
    contact      BIGINT NOT NULL REFERENCES contact (id),
    close_reason TEXT,
    close_why    TEXT,
    PRIMARY KEY (campaign, contact),
    CHECK ((close_reason IS NULL) = (close_why IS NULL))
);
CREATE INDEX campaign_contact_open ON campaign_contact (contact) WHERE close_reason IS NULL;

CREATE TABLE attempt (
    id          INTEGER PRIMARY KEY,
    campaign    BIGINT NOT NULL,
    contact     BIGINT NOT NULL,
    channel     TEXT   NOT NULL CHECK (channel IN ('voice', 'sms', 'email', 'human')),
    state       TEXT   NOT NULL CHECK (state IN ('scheduled', 'claimed', 'live', 'finished', 'cancelled')),
    step        BIGINT NOT NULL,
    try_number  BIGINT NOT NULL,
    segment     TEXT   NOT NULL,
    due_at      BIGINT NOT NULL,
    why         TEXT   NOT NULL,
    lease_until BIGINT,
    phone       BIGINT,
    flow        TEXT,
    live_at     BIGINT,
    finished_at BIGINT,
    disposition TEXT,
    blame       TEXT,
    cause       TEXT,
    answered_by TEXT,
    right_party INTEGER CHECK (right_party IN (0, 1)),
    ring_ms     BIGINT,
    talk_ms     BIGINT,
    FOREIGN KEY (campaign, contact) REFERENCES campaign_contact (campaign, contact),
    FOREIGN KEY (phone, contact) REFERENCES phone (id, contact),
    FOREIGN KEY (campaign, flow) REFERENCES campaign_flow (campaign, flow),
    CHECK ((state = 'finished') = (disposition IS NOT NULL)),
    CHECK ((state = 'finished') = (finished_at IS NOT NULL)),
    CHECK ((disposition IS NULL) = (blame IS NULL)),
    CHECK ((disposition IS NULL) = (right_party IS NULL)),
    CHECK ((disposition IS NULL) = (ring_ms IS NULL)),
    CHECK ((disposition IS NULL) = (talk_ms IS NULL)),
    CHECK ((live_at IS NULL) = (phone IS NULL)),
    CHECK ((live_at IS NULL) = (flow IS NULL)),
    CHECK (state <> 'live' OR live_at IS NOT NULL),
    CHECK (live_at IS NULL OR state IN ('live', 'finished')),
    CHECK ((state = 'claimed') = (lease_until IS NOT NULL))
);
CREATE UNIQUE INDEX attempt_open ON attempt (contact, channel) WHERE state IN ('scheduled', 'claimed', 'live');
CREATE INDEX attempt_due ON attempt (due_at, id) WHERE state IN ('scheduled', 'claimed');
CREATE INDEX attempt_live ON attempt (id) WHERE state = 'live';
CREATE INDEX attempt_contact ON attempt (contact);
CREATE INDEX attempt_campaign ON attempt (campaign);

CREATE TRIGGER attempt_moves BEFORE UPDATE OF state ON attempt
WHEN NOT (
    (OLD.state = 'scheduled' AND NEW.state IN ('claimed', 'live', 'cancelled'))
    OR (OLD.state = 'claimed' AND NEW.state IN ('claimed', 'scheduled', 'live', 'finished', 'cancelled'))
    OR (OLD.state = 'live' AND NEW.state = 'finished'))
BEGIN
    SELECT RAISE(ABORT, 'an attempt does not move so');
END;
CREATE TRIGGER attempt_stays BEFORE DELETE ON attempt
BEGIN
    SELECT RAISE(ABORT, 'attempts are never deleted');
END;

-- One call an attempt: its id is the attempt's.
CREATE TABLE call (
    id      INTEGER PRIMARY KEY REFERENCES attempt (id),
    live_at BIGINT NOT NULL
);

CREATE TABLE call_event (
    id     INTEGER PRIMARY KEY,
    call   BIGINT NOT NULL REFERENCES call (id),
    at     BIGINT NOT NULL,
    kind   TEXT   NOT NULL,
    detail TEXT   NOT NULL
);
CREATE INDEX call_event_call ON call_event (call);
CREATE TRIGGER call_event_unchanged BEFORE UPDATE ON call_event
BEGIN
    SELECT RAISE(ABORT, 'call_event is append-only');
END;
CREATE TRIGGER call_event_stays BEFORE DELETE ON call_event
BEGIN
    SELECT RAISE(ABORT, 'call_event is append-only');
END;

CREATE TABLE promise (
    id       INTEGER PRIMARY KEY,
    contact  BIGINT NOT NULL REFERENCES contact (id),
    attempt  BIGINT NOT NULL REFERENCES call (id),
    amount   BIGINT NOT NULL CHECK (amount > 0),
    currency TEXT   NOT NULL,
    "on"     TEXT   NOT NULL,
    state    TEXT   NOT NULL CHECK (state IN ('open', 'kept', 'broken')),
    made_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX promise_open ON promise (contact) WHERE state = 'open';
CREATE INDEX promise_contact ON promise (contact);

CREATE TABLE suppression (
    id      INTEGER PRIMARY KEY,
    contact BIGINT NOT NULL REFERENCES contact (id),
    phone   BIGINT,
    scope   TEXT   NOT NULL CHECK (scope IN ('number', 'person')),
    reason  TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    FOREIGN KEY (phone, contact) REFERENCES phone (id, contact),
    CHECK ((scope = 'number') = (phone IS NOT NULL))
);
CREATE UNIQUE INDEX suppression_once ON suppression (contact, COALESCE(phone, 0));

CREATE TABLE outbox (
    id          INTEGER PRIMARY KEY,
    attempt     BIGINT NOT NULL REFERENCES attempt (id),
    channel     TEXT   NOT NULL CHECK (channel IN ('sms', 'email')),
    "to"        TEXT   NOT NULL,
    subject     TEXT,
    body        TEXT   NOT NULL,
    state       TEXT   NOT NULL CHECK (state IN ('queued', 'sent', 'failed')),
    tries       BIGINT NOT NULL,
    next_try_at BIGINT NOT NULL,
    last_error  TEXT,
    sent_at     BIGINT,
    CHECK ((state = 'sent') = (sent_at IS NOT NULL))
);
CREATE INDEX outbox_queued ON outbox (next_try_at, id) WHERE state = 'queued';
CREATE INDEX outbox_attempt ON outbox (attempt);

CREATE TABLE worklist (
    id      INTEGER PRIMARY KEY,
    contact BIGINT NOT NULL REFERENCES contact (id),
    attempt BIGINT NOT NULL REFERENCES attempt (id),
    queue   TEXT   NOT NULL,
    reason  TEXT   NOT NULL,
    at      BIGINT NOT NULL
);
CREATE INDEX worklist_contact ON worklist (contact);

-- The primary key is what makes a payment count once.
CREATE TABLE payment (
    id      TEXT   PRIMARY KEY,
    contact BIGINT NOT NULL REFERENCES contact (id),
    at      BIGINT NOT NULL
);
