-- Batches, remittances, top-ups, statements: new words for events, notices and attachments. Which words there are is for
-- the program to say: its types know them, and these three tables only keep them.
ALTER TABLE events RENAME TO events_before;
CREATE TABLE events (
    id TEXT NOT NULL PRIMARY KEY,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    happened TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    actor_side TEXT NOT NULL CHECK (actor_side IN ('agency', 'operator', 'program')),
    details TEXT NOT NULL,
    created_at TEXT NOT NULL
);
INSERT INTO events (id, subject_kind, subject_id, happened, actor_id, actor_name, actor_side, details, created_at)
SELECT id, subject_kind, subject_id, happened, actor_id, actor_name, actor_side, details, created_at FROM events_before;
DROP TABLE events_before;
CREATE INDEX events_of_subject ON events (subject_kind, subject_id, created_at, id);

ALTER TABLE notices RENAME TO notices_before;
CREATE TABLE notices (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    case_kind TEXT NOT NULL,
    case_id TEXT NOT NULL,
    case_no TEXT NOT NULL,
    order_no TEXT NOT NULL,
    path TEXT NOT NULL,
    sentences TEXT NOT NULL,
    created_at TEXT NOT NULL,
    read_at TEXT,
    mail_state TEXT NOT NULL CHECK (mail_state IN ('none', 'waiting', 'sending', 'sent', 'failed')),
    mail_due_at TEXT NOT NULL,
    mail_attempts BIGINT NOT NULL
);
INSERT INTO notices (id, user_id, case_kind, case_id, case_no, order_no, path, sentences, created_at, read_at, mail_state, mail_due_at, mail_attempts)
SELECT id, user_id, case_kind, case_id, case_no, order_no, path, sentences, created_at, read_at, mail_state, mail_due_at, mail_attempts FROM notices_before;
DROP TABLE notices_before;
CREATE INDEX notices_of_user ON notices (user_id, created_at, id);
CREATE INDEX notices_unread ON notices (user_id, case_kind, case_id) WHERE read_at IS NULL;
CREATE INDEX notices_to_mail ON notices (mail_due_at, id) WHERE mail_state IN ('waiting', 'sending');
CREATE INDEX notices_of_user_to_mail ON notices (user_id, mail_due_at) WHERE mail_state IN ('waiting', 'sending');
CREATE INDEX notices_by_age ON notices (created_at);

ALTER TABLE attachments RENAME TO attachments_before;
CREATE TABLE attachments (
    id TEXT NOT NULL PRIMARY KEY,
    -- Empty for the operator's own drafts.
    agency_id TEXT,
    -- A draft belongs to nobody's case yet.
    case_kind TEXT,
    case_id TEXT,
    message_id TEXT,
    internal BIGINT NOT NULL CHECK (internal IN (0, 1)),
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    digest TEXT NOT NULL,
    stored_as TEXT NOT NULL UNIQUE,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    CHECK ((case_kind IS NULL) = (case_id IS NULL))
);
INSERT INTO attachments (id, agency_id, case_kind, case_id, message_id, internal, name, kind, bytes, digest, stored_as, created_by, created_at)
SELECT id, agency_id, case_kind, case_id, message_id, internal, name, kind, bytes, digest, stored_as, created_by, created_at FROM attachments_before;
DROP TABLE attachments_before;
CREATE INDEX attachments_of_case ON attachments (case_kind, case_id, created_at, id);
CREATE INDEX attachments_drafts ON attachments (created_at) WHERE case_id IS NULL;
CREATE INDEX attachments_drafts_of_user ON attachments (created_by) WHERE case_id IS NULL;

-- A claim that came in a file: which, and in which of its rows. A row becomes a claim once.
ALTER TABLE refunds ADD COLUMN batch_id TEXT;
ALTER TABLE refunds ADD COLUMN batch_no TEXT;
ALTER TABLE refunds ADD COLUMN batch_row BIGINT;
CREATE UNIQUE INDEX one_claim_per_batch_row ON refunds (batch_id, batch_row) WHERE batch_id IS NOT NULL;
CREATE INDEX refunds_by_airline_reference ON refunds (airline_reference) WHERE airline_reference IS NOT NULL;
CREATE INDEX refunds_open_by_airline ON refunds (airline, expected_on, id) WHERE closed_at IS NULL;

-- A credit that was taken back by a reversal counts a round: in each there is one credit and one fee.
ALTER TABLE refunds ADD COLUMN round BIGINT NOT NULL DEFAULT 0;
ALTER TABLE transfers ADD COLUMN round BIGINT NOT NULL DEFAULT 0;
DROP INDEX one_credit_per_refund;
DROP INDEX one_fee_per_refund;
CREATE UNIQUE INDEX one_credit_per_refund ON transfers (refund_id, round) WHERE kind = 'refund-credit';
CREATE UNIQUE INDEX one_fee_per_refund ON transfers (refund_id, round) WHERE kind = 'service-fee';
