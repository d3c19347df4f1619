-- Agencies, their users and the operator's; sessions, one-time links and the throttle of sign-in.
CREATE TABLE agencies (
    id TEXT NOT NULL PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    currency TEXT NOT NULL,
    credit_line_minor BIGINT NOT NULL CHECK (credit_line_minor >= 0),
    created_at TEXT NOT NULL
);

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'customer-service', 'operations', 'finance', 'developer', 'operator-agent', 'operator-finance', 'supervisor')),
    agency_id TEXT REFERENCES agencies (id),
    password_hash TEXT,
    language TEXT NOT NULL CHECK (language IN ('en', 'zh-Hans', 'vi')),
    zone_name TEXT NOT NULL,
    disabled_at TEXT,
    created_at TEXT NOT NULL,
    CHECK ((agency_id IS NULL) = (role IN ('operator-agent', 'operator-finance', 'supervisor')))
);
CREATE INDEX users_of_agency ON users (agency_id, email);

CREATE TABLE one_time_links (
    token_digest TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT
);
CREATE INDEX one_time_links_of_user ON one_time_links (user_id);

CREATE TABLE sessions (
    key_digest TEXT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id),
    state TEXT NOT NULL,
    browser TEXT NOT NULL,
    address TEXT NOT NULL,
    created_at TEXT NOT NULL,
    seen_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);
CREATE INDEX sessions_of_user ON sessions (user_id, seen_at);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE sign_in_failures (
    subject TEXT NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    since TEXT NOT NULL
);

CREATE TABLE secrets (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
