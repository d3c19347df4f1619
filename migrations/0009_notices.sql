-- What the other side must know: shown under the bell, and sent by e-mail as the user wishes.
ALTER TABLE users ADD COLUMN mail TEXT NOT NULL DEFAULT 'each' CHECK (mail IN ('each', 'daily', 'off'));
-- Since when e-mail to this user is given up; empty once one arrives.
ALTER TABLE users ADD COLUMN mail_failed_at TEXT;

CREATE TABLE notices (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    case_kind TEXT NOT NULL CHECK (case_kind IN ('refund', 'request', 'incident', 'compensation')),
    case_id TEXT NOT NULL,
    case_no TEXT NOT NULL,
    order_no TEXT NOT NULL,
    path TEXT NOT NULL,
    -- Sentences with their fills, so that each reader gets them in the language of the day they read.
    sentences TEXT NOT NULL,
    created_at TEXT NOT NULL,
    read_at TEXT,
    mail_state TEXT NOT NULL CHECK (mail_state IN ('none', 'waiting', 'sending', 'sent', 'failed')),
    mail_due_at TEXT NOT NULL,
    mail_attempts BIGINT NOT NULL
);
CREATE INDEX notices_of_user ON notices (user_id, created_at, id);
CREATE INDEX notices_unread ON notices (user_id, case_kind, case_id) WHERE read_at IS NULL;
CREATE INDEX notices_to_mail ON notices (mail_due_at, id) WHERE mail_state IN ('waiting', 'sending');
CREATE INDEX notices_of_user_to_mail ON notices (user_id, mail_due_at) WHERE mail_state IN ('waiting', 'sending');
CREATE INDEX notices_by_age ON notices (created_at);

-- Files kept for a case. The bytes lie outside, under a name that nobody can guess.
CREATE TABLE attachments (
    id TEXT NOT NULL PRIMARY KEY,
    -- Empty for the operator's own drafts.
    agency_id TEXT,
    -- A draft belongs to nobody's case yet.
    case_kind TEXT CHECK (case_kind IN ('refund', 'request')),
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
CREATE INDEX attachments_of_case ON attachments (case_kind, case_id, created_at, id);
CREATE INDEX attachments_drafts ON attachments (created_at) WHERE case_id IS NULL;
CREATE INDEX attachments_drafts_of_user ON attachments (created_by) WHERE case_id IS NULL;
