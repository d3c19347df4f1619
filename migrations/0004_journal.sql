-- What happened to a case: every timeline and the audit. Rows are never changed.
CREATE TABLE events (
    id TEXT NOT NULL PRIMARY KEY,
    subject_kind TEXT NOT NULL CHECK (subject_kind IN ('refund', 'booking', 'user', 'agency')),
    subject_id TEXT NOT NULL,
    happened TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    actor_side TEXT NOT NULL CHECK (actor_side IN ('agency', 'operator', 'program')),
    details TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX events_of_subject ON events (subject_kind, subject_id, created_at, id);
