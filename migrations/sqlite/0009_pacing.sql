-- Lines shared between campaigns, what calls cost and which trunk carried them, and who found no agent.

-- The weight of a campaign when several want the same lines.
ALTER TABLE campaign ADD COLUMN priority BIGINT NOT NULL DEFAULT 5 CHECK (priority BETWEEN 1 AND 10);

-- A campaign's own due attempts are found without passing those of others, which may be paused or have less weight.
DROP INDEX attempt_due;
CREATE INDEX attempt_due ON attempt (campaign, due_at, id) WHERE state IN ('scheduled', 'claimed');

ALTER TABLE attempt ADD COLUMN trunk TEXT;
ALTER TABLE attempt ADD COLUMN cost_micros BIGINT;       -- millionths of the currency's major unit; NULL: no tariff
ALTER TABLE attempt ADD COLUMN cost_currency TEXT CHECK ((cost_currency IS NULL) = (cost_micros IS NULL));
ALTER TABLE attempt ADD COLUMN agent TEXT CHECK (agent IN ('connected', 'abandoned'));  -- NULL: no agent was to be given
CREATE INDEX attempt_agent ON attempt (finished_at) WHERE agent IS NOT NULL;

-- What slows or stops dialling, as the running service last said.
CREATE TABLE holding (
    about TEXT   PRIMARY KEY,
    says  TEXT   NOT NULL,
    at    BIGINT NOT NULL
);
