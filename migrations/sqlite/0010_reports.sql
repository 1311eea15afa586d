-- When a debt first came in: reports follow the debts of one day to what was paid. A contact's `imported_at` moves with each import.
ALTER TABLE debt ADD COLUMN entered_at BIGINT;
UPDATE debt SET entered_at = (SELECT imported_at FROM contact WHERE contact.id = debt.contact);
CREATE TRIGGER debt_entered AFTER INSERT ON debt WHEN NEW.entered_at IS NULL
BEGIN
    UPDATE debt SET entered_at = (SELECT imported_at FROM contact WHERE contact.id = NEW.contact) WHERE id = NEW.id;
END;
