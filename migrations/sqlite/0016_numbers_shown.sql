-- Which of our numbers the person saw. NULL: not dialled, or dialled before the books kept it.
ALTER TABLE attempt ADD COLUMN caller_id TEXT;
