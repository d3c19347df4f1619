-- When the program last did what keeps it trustworthy, and how it went: a backup, a check of the books.
CREATE TABLE system_marks (
    name TEXT PRIMARY KEY,
    begun_at TEXT NOT NULL,
    ended_at TEXT,
    -- How much was found, and the first of it, a sentence a line.
    found BIGINT NOT NULL,
    findings TEXT NOT NULL
);
