-- What others may keep in memory has a revision: a number that no earlier state of it had, in this database or another.
CREATE TABLE revisions (
    name TEXT PRIMARY KEY,
    revision BIGINT NOT NULL
);
