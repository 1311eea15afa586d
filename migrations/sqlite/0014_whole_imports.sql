-- Imports of which all is wanted or nothing: one that broke off is taken back by the next command that looks, and until then no
-- campaign takes what it added.

ALTER TABLE import_batch ADD COLUMN whole BIGINT NOT NULL DEFAULT 0;  -- 1: all or nothing
