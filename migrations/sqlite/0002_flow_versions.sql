-- Flows are published by themselves; a campaign can be moved to another version of a flow, and the books say so.

ALTER TABLE flow_version ADD COLUMN published_at BIGINT NOT NULL DEFAULT 0;
UPDATE flow_version SET published_at = COALESCE(
    (SELECT MIN(c.created_at) FROM campaign_flow f JOIN campaign c ON c.id = f.campaign WHERE f.flow = flow_version.hash), 0);
CREATE INDEX flow_version_name ON flow_version (name, version);
-- Not a unique index: the first edition took two contents of one name and version, and they stay.
CREATE TRIGGER flow_version_once BEFORE INSERT ON flow_version
WHEN EXISTS (SELECT 1 FROM flow_version WHERE name = NEW.name AND version = NEW.version AND hash <> NEW.hash)
BEGIN
    SELECT RAISE(ABORT, 'this version is published with another content');
END;
CREATE TRIGGER flow_version_unchanged BEFORE UPDATE ON flow_version
BEGIN
    SELECT RAISE(ABORT, 'what is published is never changed');
END;
CREATE TRIGGER flow_version_stays BEFORE DELETE ON flow_version
BEGIN
    SELECT RAISE(ABORT, 'what is published is never deleted');
END;

-- NULL: calls are made with it. Else the campaign was moved to another version; attempts still name this one.
ALTER TABLE campaign_flow ADD COLUMN left_at BIGINT;

CREATE TABLE campaign_event (
    id       INTEGER PRIMARY KEY,
    campaign BIGINT NOT NULL REFERENCES campaign (id),
    at       BIGINT NOT NULL,
    kind     TEXT   NOT NULL CHECK (kind IN ('flow_moved', 'suspended')),
    detail   TEXT   NOT NULL
);
CREATE INDEX campaign_event_campaign ON campaign_event (campaign);
CREATE TRIGGER campaign_event_unchanged BEFORE UPDATE ON campaign_event
BEGIN
    SELECT RAISE(ABORT, 'campaign_event is append-only');
END;
CREATE TRIGGER campaign_event_stays BEFORE DELETE ON campaign_event
BEGIN
    SELECT RAISE(ABORT, 'campaign_event is append-only');
END;
