-- A statement that was issued never changes: who issued it stands on it, whatever the operator is called later.
-- Those of before did not keep it, and have the name the operator has today.
ALTER TABLE statements ADD COLUMN issuer TEXT NOT NULL DEFAULT '';
