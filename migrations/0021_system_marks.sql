-- When the program last did what keeps it trustworthy, and how it went: a backup, a check of the books.
CREATE TABLE system_marks (
    name TEXT PRIMARY KEY,
    begun_at TEXT NOT NULL,
    ended_at TEXT,
    -- What was found, a sentence a line; empty when there was nothing to say.
    findings TEXT NOT NULL
);
