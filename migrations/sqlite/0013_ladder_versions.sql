-- Ladders are published like flows; an attempt names the one that it was made by, and what that made of its contact. Visits are reported.

CREATE TABLE ladder_version (
    hash         TEXT   PRIMARY KEY,          -- of the source
    name         TEXT   NOT NULL,
    version      BIGINT NOT NULL CHECK (version >= 1),
    source       TEXT   NOT NULL,
    published_at BIGINT NOT NULL,
    UNIQUE (name, version)
) WITHOUT ROWID;
CREATE TRIGGER ladder_version_unchanged BEFORE UPDATE ON ladder_version
BEGIN
    SELECT RAISE(ABORT, 'what is published is never changed');
END;
CREATE TRIGGER ladder_version_stays BEFORE DELETE ON ladder_version
BEGIN
    SELECT RAISE(ABORT, 'what is published is never deleted');
END;

ALTER TABLE attempt ADD COLUMN ladder TEXT;         -- name, version and hash, as the attempt was made; NULL before
ALTER TABLE attempt ADD COLUMN contact_class TEXT;  -- what the ladder's classes made of the contact then; NULL: it has none
ALTER TABLE attempt ADD COLUMN moved_reason TEXT;   -- the rule for which it was planned later than the ladder says; NULL: for none
ALTER TABLE attempt ADD COLUMN moved_by TEXT;       -- the id of the law or `ladder`; NULL: every installation keeps it

-- What came of a visit; without it, it waits for its report.
CREATE TABLE visit_report (
    attempt    BIGINT PRIMARY KEY REFERENCES attempt (id),
    outcome    TEXT   NOT NULL CHECK (outcome IN ('nobody_home', 'no_access', 'third_party', 'met', 'promised',
                                                  'already_paid', 'disputed', 'refused', 'moved')),
    visited_at BIGINT NOT NULL,
    note       TEXT   NOT NULL,
    at         BIGINT NOT NULL                -- when it was entered
) WITHOUT ROWID;
CREATE TRIGGER visit_report_unchanged BEFORE UPDATE ON visit_report WHEN NOT EXISTS (SELECT 1 FROM erasing WHERE call = OLD.attempt)
BEGIN
    SELECT RAISE(ABORT, 'visit_report is append-only');
END;
CREATE TRIGGER visit_report_stays BEFORE DELETE ON visit_report
BEGIN
    SELECT RAISE(ABORT, 'visit_report is append-only');
END;
CREATE INDEX attempt_visit ON attempt (contact) WHERE channel = 'visit' AND state = 'finished';

-- A kind more.
CREATE TABLE campaign_event_next (
    id       INTEGER PRIMARY KEY,
    campaign BIGINT NOT NULL REFERENCES campaign (id),
    at       BIGINT NOT NULL,
    kind     TEXT   NOT NULL CHECK (kind IN ('flow_moved', 'ladder_moved', 'suspended')),
    detail   TEXT   NOT NULL
);
INSERT INTO campaign_event_next SELECT id, campaign, at, kind, detail FROM campaign_event;
DROP TRIGGER campaign_event_unchanged;
DROP TRIGGER campaign_event_stays;
DROP TABLE campaign_event;
ALTER TABLE campaign_event_next RENAME TO campaign_event;
CREATE INDEX campaign_event_campaign ON campaign_event (campaign);
CREATE TRIGGER campaign_event_unchanged BEFORE UPDATE ON campaign_event
BEGIN
    SELECT RAISE(ABORT, 'campaign_event is append-only');
END;
CREATE TRIGGER campaign_event_stays BEFORE DELETE ON campaign_event
BEGIN
    SELECT RAISE(ABORT, 'campaign_event is append-only');
END;
