-- A year's books, made up: :contacts people with :attempts calls each, one promise in twenty calls, one payment in three people.
-- Texts in braces are put in by `reports.rs`. Calls stand in the order in which they would be made: all first ones, all second ones, …
PRAGMA synchronous = OFF;
PRAGMA foreign_keys = OFF;
PRAGMA cache_size = -200000;
BEGIN;
CREATE TEMP TABLE n (i INTEGER PRIMARY KEY);
WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < {contacts}) INSERT INTO n SELECT i FROM r;
CREATE TEMP TABLE k (k INTEGER PRIMARY KEY);
WITH RECURSIVE r(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM r WHERE k < {attempts}) INSERT INTO k SELECT k FROM r;
-- 2026-01-01T00:00Z
CREATE TEMP TABLE t AS SELECT 1767225600000000 AS zero, 86400000000 AS day;

-- Two contacts in ten are one person's.
INSERT INTO contact (id, external_id, name, language, zone, creditor, fields, imported_at, person)
    SELECT i, 'K' || i, 'Person ' || i, 'ru',
        CASE i % 3 WHEN 0 THEN 'Europe/Moscow' WHEN 1 THEN 'Asia/Yekaterinburg' ELSE 'Asia/Vladivostok' END,
        'Creditor ' || (i % 20), '{}', zero + (i % 90) * day, CASE WHEN i % 10 < 2 THEN 'H' || (i / 10) END FROM n, t;
INSERT INTO debt (id, contact, external_id, amount, currency, due, paid)
    SELECT i, i, '', 50000 + i % 977 * 100, 'RUB', '2026-01-15', CASE i % 3 WHEN 0 THEN 40000 ELSE 0 END FROM n;
INSERT INTO phone (id, contact, number, state, position) SELECT i, i, printf('+79%09d', i), 'good', 0 FROM n;
INSERT INTO flow_version (hash, name, version, source) VALUES ('f1', 'reminder', 1, ''), ('f2', 'reminder', 2, '');
INSERT INTO campaign (id, name, state, ladder, created_at) VALUES (1, 'year', 'finished', '', 0);
INSERT INTO campaign_flow (campaign, flow, position) VALUES (1, 'f1', 0), (1, 'f2', 1);
INSERT INTO campaign_contact (campaign, contact, close_reason, close_why) SELECT 1, i, 'ladder_ended', 'made up' FROM n;

-- What became of a call, in twentieths.
CREATE TEMP TABLE ends (e INTEGER PRIMARY KEY, disposition TEXT, answered_by TEXT, right_party INTEGER, talk_ms INTEGER, node TEXT);
WITH RECURSIVE r(e) AS (SELECT 0 UNION ALL SELECT e + 1 FROM r WHERE e < 19)
INSERT INTO ends SELECT e,
    CASE WHEN e = 0 THEN 'promised' WHEN e = 1 THEN 'informed' WHEN e = 2 THEN 'opted_out' WHEN e = 3 THEN 'wrong_number'
        WHEN e < 6 THEN 'machine' WHEN e < 9 THEN 'hung_up_early' WHEN e < 12 THEN 'busy' ELSE 'no_answer' END,
    CASE WHEN e < 4 THEN 'human' WHEN e < 6 THEN 'machine' WHEN e < 9 THEN 'human' END,
    e < 2, CASE WHEN e < 4 THEN 60000 WHEN e < 9 THEN 7000 ELSE 0 END,
    CASE WHEN e = 0 THEN 'thanks' WHEN e < 4 THEN 'ask' WHEN e < 9 THEN 'greet' END FROM r;
INSERT INTO attempt (id, campaign, contact, channel, state, step, try_number, segment, due_at, why, phone, number, flow, live_at,
        finished_at, disposition, blame, cause, answered_by, right_party, ring_ms, talk_ms, node, trunk, caller_id)
    SELECT (k - 1) * {contacts} + i, 1, i, 'voice', 'finished', k / 3, 1 + k % 3, CASE i % 5 WHEN 0 THEN 'late' ELSE 'early' END,
        at, 'the step before came to nothing; two days later', i, printf('+79%09d', i), CASE k % 2 WHEN 0 THEN 'f2' ELSE 'f1' END, at,
        at + 60000000, disposition, 'callee', 'remote_hangup', answered_by, right_party, 9000, talk_ms, node,
        CASE k % 2 WHEN 0 THEN 'spare' ELSE 'main' END, CASE k % 2 WHEN 0 THEN '+74950000002' ELSE '+74950000001' END
    FROM (SELECT k, i, zero + (k * 2 + i % 3) * day + (9 + i % 10) * 3600000000 AS at FROM k CROSS JOIN n, t)
    JOIN ends ON e = (i * 7 + k * 13) % 20;
INSERT INTO call (id, live_at) SELECT id, live_at FROM attempt;
INSERT INTO call_event (call, at, kind, detail) SELECT id, live_at, 'entered', 'greet' FROM attempt WHERE node IS NOT NULL;
INSERT INTO call_event (call, at, kind, detail) SELECT id, live_at, 'entered', 'ask' FROM attempt WHERE node IN ('ask', 'thanks');
INSERT INTO call_event (call, at, kind, detail) SELECT id, live_at, 'entered', 'thanks' FROM attempt WHERE node = 'thanks';
INSERT INTO promise (contact, attempt, part, parts, amount, currency, "on", least, judge_at, state, made_at)
    SELECT contact, id, 1, 1, 50000, 'RUB', date(live_at / 1000000 + 5 * 86400, 'unixepoch'), 47500,
        live_at + 8 * day, CASE contact % 3 WHEN 0 THEN 'kept' ELSE 'broken' END, live_at
    FROM attempt, t WHERE disposition = 'promised' ORDER BY id;
INSERT INTO payment (id, number, contact, amount, currency, paid_at, at)
    SELECT 'P' || i, i / 3, i, 40000, 'RUB', zero + (i % 40) * day, zero + (i % 40 + 1) * day FROM n, t WHERE i % 3 = 0;
INSERT INTO payment_part (payment, debt, amount) SELECT 'P' || i, i, 40000 FROM n WHERE i % 3 = 0;
COMMIT;
