-- Files of many orders: claims to be made of their rows, or a search for what became of them.
CREATE TABLE batches (
    id TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('claims', 'search')),
    -- Empty for a search of the operator's.
    agency_id TEXT REFERENCES agencies (id),
    status TEXT NOT NULL CHECK (status IN ('reading', 'checking', 'checked', 'posting', 'posted', 'discarded', 'failed')),
    file_name TEXT NOT NULL,
    file_digest TEXT NOT NULL,
    -- The name of the file as it came, beside the attachments, until it is read.
    stored_as TEXT,
    encoding TEXT,
    header TEXT NOT NULL,
    -- What holds for rows that do not say otherwise.
    reason TEXT,
    fulfilled_on TEXT,
    complaint TEXT,
    row_count BIGINT NOT NULL,
    done_rows BIGINT NOT NULL,
    ready_count BIGINT NOT NULL,
    listed_count BIGINT NOT NULL,
    refused_count BIGINT NOT NULL,
    posted_count BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_by TEXT NOT NULL REFERENCES users (id),
    created_by_name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    confirmed_by TEXT REFERENCES users (id),
    confirmed_by_name TEXT,
    confirmed_at TEXT,
    finished_at TEXT,
    -- Until when a server is at work on it.
    taken_until TEXT NOT NULL,
    CHECK (kind = 'search' OR agency_id IS NOT NULL),
    CHECK ((status = 'failed') = (complaint IS NOT NULL))
);
CREATE INDEX batches_newest ON batches (kind, created_at, id);
CREATE INDEX batches_of_agency_newest ON batches (agency_id, kind, created_at, id);
CREATE INDEX batches_to_do ON batches (taken_until, id) WHERE status IN ('reading', 'checking', 'posting');
CREATE INDEX batches_by_file ON batches (agency_id, file_digest, created_at);

CREATE TABLE batch_rows (
    batch_id TEXT NOT NULL REFERENCES batches (id),
    row_no BIGINT NOT NULL,
    -- The line in the file, as people count.
    line BIGINT NOT NULL,
    cells TEXT NOT NULL,
    order_no TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('unchecked', 'ready', 'listed', 'refused', 'posted', 'found')),
    code TEXT,
    message TEXT,
    currency TEXT,
    amount_minor BIGINT,
    PRIMARY KEY (batch_id, row_no)
);
CREATE INDEX batch_rows_by_status ON batch_rows (batch_id, status, row_no);
