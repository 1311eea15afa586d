-- What each imported file brought, so that it can be taken back; and the kinds of its faults, without anybody's values.

CREATE TABLE import_batch (
    id          INTEGER PRIMARY KEY,
    file        TEXT   NOT NULL,              -- its name, without folders
    sha256      TEXT   NOT NULL,              -- of its bytes
    settings    TEXT   NOT NULL,              -- of what was said beside it: the same bytes read otherwise are another import
    at          BIGINT NOT NULL,
    payments_before BIGINT NOT NULL,          -- the highest number of a payment when it began
    finished_at BIGINT,                       -- NULL: it broke off; what came before is in the books
    undone_at   BIGINT,
    lines       BIGINT NOT NULL DEFAULT 0,    -- without the header and empty ones; the sum of those below
    added       BIGINT NOT NULL DEFAULT 0,
    changed     BIGINT NOT NULL DEFAULT 0,
    unchanged   BIGINT NOT NULL DEFAULT 0,
    further     BIGINT NOT NULL DEFAULT 0,    -- further debts of contacts that the file names before
    repeated    BIGINT NOT NULL DEFAULT 0,    -- the same as a line before
    rejected    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX import_batch_sha256 ON import_batch (sha256);

CREATE TABLE import_reject (
    id    INTEGER PRIMARY KEY,
    batch BIGINT NOT NULL REFERENCES import_batch (id),
    line  BIGINT NOT NULL,
    field TEXT   NOT NULL,                    -- empty: the whole line
    code  TEXT   NOT NULL
);
CREATE INDEX import_reject_batch ON import_reject (batch, code);

ALTER TABLE contact ADD COLUMN added_by BIGINT REFERENCES import_batch (id);
ALTER TABLE contact ADD COLUMN removed_at BIGINT;  -- taken back with its batch: no campaign takes it

-- What contacts were before a batch changed them.
CREATE TABLE import_change (
    batch   BIGINT NOT NULL REFERENCES import_batch (id),
    contact BIGINT NOT NULL REFERENCES contact (id),
    before  TEXT   NOT NULL,                  -- JSON, see src/store/sqlite/undo.rs
    PRIMARY KEY (batch, contact)
) WITHOUT ROWID;
CREATE INDEX import_change_contact ON import_change (contact, batch);

-- Which numbers several contacts share is then read from the index alone.
DROP INDEX phone_number;
CREATE INDEX phone_number ON phone (number, contact, position);

-- Asked when a contact goes, and by what a payment does to its campaigns.
CREATE INDEX campaign_contact_contact ON campaign_contact (contact);
CREATE INDEX payment_part_debt ON payment_part (debt);
