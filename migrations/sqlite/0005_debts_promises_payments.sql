-- Several debts a contact, contacts that are one person, promises in parts with a judgement, payments with amounts and reversals.
-- Tables whose checks change are built again; the program runs this with foreign keys off and checks them afterwards.

-- One human who is the customer of several creditors: their contacts share this key, and with it caps, gaps and refusals.
ALTER TABLE contact ADD COLUMN person TEXT;
CREATE INDEX contact_person ON contact (person) WHERE person IS NOT NULL;

CREATE TABLE debt_new (
    id          INTEGER PRIMARY KEY,
    contact     BIGINT NOT NULL REFERENCES contact (id),
    external_id TEXT   NOT NULL,              -- the CSV's `debt_id`; empty: the contact's only one
    amount      BIGINT NOT NULL,              -- as the creditor last stated it
    currency    TEXT   NOT NULL,
    due         TEXT   NOT NULL,
    paid        BIGINT NOT NULL DEFAULT 0,    -- since then, less what was reversed; below zero after a payment before then is reversed
    UNIQUE (contact, external_id),
    UNIQUE (id, contact)
);
INSERT INTO debt_new (id, contact, external_id, amount, currency, due, paid)
    SELECT contact, contact, '', amount, currency, due, CASE WHEN paid = 1 THEN amount ELSE 0 END FROM debt;
DROP TABLE debt;
ALTER TABLE debt_new RENAME TO debt;

-- Before, a payment paid the whole debt.
CREATE TABLE payment_new (
    id          TEXT   PRIMARY KEY,           -- makes a payment count once
    number      INTEGER NOT NULL UNIQUE,      -- the order in which they and their reversals became known
    contact     BIGINT NOT NULL REFERENCES contact (id),
    debt        TEXT,                         -- the `debt_id` it names; NULL: the oldest first
    amount      BIGINT NOT NULL CHECK (amount > 0),
    currency    TEXT   NOT NULL,
    paid_at     BIGINT NOT NULL,              -- when the person paid, which is what promises are judged by
    at          BIGINT NOT NULL,              -- when we were told
    reversed_at BIGINT
);
INSERT INTO payment_new (id, number, contact, amount, currency, paid_at, at)
    SELECT p.id, p.rowid, p.contact, MAX(d.amount, 1), d.currency, p.at, p.at FROM payment p JOIN debt d ON d.contact = p.contact;
DROP TABLE payment;
ALTER TABLE payment_new RENAME TO payment;
CREATE INDEX payment_contact ON payment (contact);
CREATE TRIGGER payment_stays BEFORE DELETE ON payment
BEGIN
    SELECT RAISE(ABORT, 'payments are never deleted; they are reversed');
END;

-- Which debts a payment went to.
CREATE TABLE payment_part (
    payment TEXT   NOT NULL REFERENCES payment (id),
    debt    BIGINT NOT NULL REFERENCES debt (id),
    amount  BIGINT NOT NULL CHECK (amount > 0),
    PRIMARY KEY (payment, debt)
);
INSERT INTO payment_part (payment, debt, amount)
    SELECT p.id, d.id, p.amount FROM payment p JOIN debt d ON d.contact = p.contact WHERE d.paid > 0;

CREATE TABLE promise_new (
    id         INTEGER PRIMARY KEY,
    contact    BIGINT NOT NULL REFERENCES contact (id),
    attempt    BIGINT NOT NULL REFERENCES call (id),   -- the call in which it was made: the evidence
    part       BIGINT NOT NULL,               -- which instalment of the call's promise, from 1
    parts      BIGINT NOT NULL,
    amount     BIGINT NOT NULL CHECK (amount > 0),
    currency   TEXT   NOT NULL,
    "on"       TEXT   NOT NULL,
    least      BIGINT NOT NULL CHECK (least > 0 AND least <= amount),   -- counts as kept from so much on
    judge_at   BIGINT NOT NULL,               -- the end of the last day of grace, in the contact's zone
    state      TEXT   NOT NULL CHECK (state IN ('open', 'kept', 'partly_kept', 'broken', 'superseded', 'withdrawn')),
    made_at    BIGINT NOT NULL,
    withdrawn_at BIGINT,                      -- by hand
    CHECK (part BETWEEN 1 AND parts),
    CHECK (withdrawn_at IS NULL OR state = 'withdrawn'),
    UNIQUE (attempt, part)
);
-- Before, a promise stayed open until the whole debt was paid; its day and one more of grace are the judgement's.
INSERT INTO promise_new (id, contact, attempt, part, parts, amount, currency, "on", least, judge_at, state, made_at)
    SELECT id, contact, attempt, 1, 1, amount, currency, "on", amount,
        (CAST(strftime('%s', "on") AS INTEGER) + 3 * 86400) * 1000000, state, made_at FROM promise;
DROP TABLE promise;
ALTER TABLE promise_new RENAME TO promise;
CREATE INDEX promise_contact ON promise (contact);
-- Of one call's promise several parts may be open, of two calls' none.
CREATE UNIQUE INDEX promise_open ON promise (contact, part) WHERE state = 'open';
CREATE INDEX promise_judge ON promise (judge_at) WHERE state = 'open';

-- A closed contact may be looked at again: when its promise is to be reminded of or judged, or a payment was reversed.
ALTER TABLE campaign_contact ADD COLUMN wake_at BIGINT CHECK (wake_at IS NULL OR close_reason IS NOT NULL);
CREATE INDEX campaign_contact_wake ON campaign_contact (wake_at) WHERE wake_at IS NOT NULL;

CREATE TABLE attempt_new (
    id          INTEGER PRIMARY KEY,
    campaign    BIGINT NOT NULL,
    contact     BIGINT NOT NULL,
    channel     TEXT   NOT NULL CHECK (channel IN ('voice', 'sms', 'email', 'letter', 'human', 'visit')),
    state       TEXT   NOT NULL CHECK (state IN ('scheduled', 'claimed', 'live', 'finished', 'cancelled')),
    step        BIGINT NOT NULL,
    try_number  BIGINT NOT NULL,
    segment     TEXT   NOT NULL,
    due_at      BIGINT NOT NULL,
    why         TEXT   NOT NULL,
    lease_until BIGINT,
    phone       BIGINT,
    number      TEXT,                         -- of that phone, for who else has it
    person      TEXT,                         -- of that contact, for who else they are
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
    mos_centi   BIGINT,
    heard_loss_permille BIGINT,
    heard_jitter_ms     BIGINT,
    said_loss_permille  BIGINT,
    said_jitter_ms      BIGINT,
    round_trip_ms       BIGINT,
    node        TEXT,                         -- of the flow, where the call ended
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
    CHECK ((live_at IS NULL) = (number IS NULL)),
    CHECK ((live_at IS NULL) = (flow IS NULL)),
    CHECK (state <> 'live' OR live_at IS NOT NULL),
    CHECK (live_at IS NULL OR state IN ('live', 'finished')),
    CHECK ((state = 'claimed') = (lease_until IS NOT NULL))
);
INSERT INTO attempt_new (id, campaign, contact, channel, state, step, try_number, segment, due_at, why, lease_until, phone, number,
        flow, live_at, finished_at, disposition, blame, cause, answered_by, right_party, ring_ms, talk_ms, mos_centi,
        heard_loss_permille, heard_jitter_ms, said_loss_permille, said_jitter_ms, round_trip_ms)
    SELECT id, campaign, contact, channel, state, step, try_number, segment, due_at, why, lease_until, phone,
        (SELECT number FROM phone WHERE phone.id = attempt.phone),
        flow, live_at, finished_at, disposition, blame, cause, answered_by, right_party, ring_ms, talk_ms, mos_centi,
        heard_loss_permille, heard_jitter_ms, said_loss_permille, said_jitter_ms, round_trip_ms FROM attempt;
DROP TABLE attempt;
ALTER TABLE attempt_new RENAME TO attempt;
CREATE UNIQUE INDEX attempt_open ON attempt (contact, channel) WHERE state IN ('scheduled', 'claimed', 'live');
CREATE INDEX attempt_due ON attempt (due_at, id) WHERE state IN ('scheduled', 'claimed');
CREATE INDEX attempt_live ON attempt (id) WHERE state = 'live';
CREATE INDEX attempt_contact ON attempt (contact);
CREATE INDEX attempt_campaign ON attempt (campaign);
CREATE INDEX attempt_number ON attempt (number) WHERE number IS NOT NULL;
-- One call at a time to a line, and to a person, whoever's contacts they are.
CREATE UNIQUE INDEX attempt_live_number ON attempt (number) WHERE state = 'live';
CREATE UNIQUE INDEX attempt_live_person ON attempt (person) WHERE state = 'live' AND person IS NOT NULL;
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

CREATE TABLE outbox_new (
    id          INTEGER PRIMARY KEY,
    attempt     BIGINT NOT NULL REFERENCES attempt (id),
    channel     TEXT   NOT NULL CHECK (channel IN ('sms', 'email', 'letter')),
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
INSERT INTO outbox_new SELECT id, attempt, channel, "to", subject, body, state, tries, next_try_at, last_error, sent_at FROM outbox;
DROP TABLE outbox;
ALTER TABLE outbox_new RENAME TO outbox;
CREATE INDEX outbox_queued ON outbox (next_try_at, id) WHERE state = 'queued';
CREATE INDEX outbox_attempt ON outbox (attempt);
