-- What policy is asked and what it answered.

-- How the zone is known: where it is not given, calls must be lawful in every zone that the region or the number allows.
ALTER TABLE contact ADD COLUMN zone_from TEXT NOT NULL DEFAULT 'given' CHECK (zone_from IN ('given', 'region', 'number'));
