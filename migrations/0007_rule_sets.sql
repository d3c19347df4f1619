-- Rule sets: a carrier's refund rules as versioned documents. A draft has no day from which it is in use.
CREATE TABLE rule_sets (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    -- Empty for any carrier.
    carrier TEXT NOT NULL,
    document TEXT NOT NULL,
    loaded_by TEXT NOT NULL,
    loaded_at TEXT NOT NULL,
    active_from TEXT,
    activated_by TEXT,
    activated_at TEXT,
    UNIQUE (name, version),
    CHECK ((active_from IS NULL) = (activated_at IS NULL)),
    CHECK ((active_from IS NULL) = (activated_by IS NULL))
);
CREATE INDEX rule_sets_in_use ON rule_sets (carrier, active_from) WHERE active_from IS NOT NULL;

-- The host's answers about interactive check-in; the newest of a scope is in use.
CREATE TABLE no_go_tables (
    id TEXT NOT NULL PRIMARY KEY,
    scope TEXT NOT NULL CHECK (scope IN ('domestic', 'international')),
    airports TEXT NOT NULL,
    loaded_by TEXT NOT NULL,
    loaded_at TEXT NOT NULL
);
CREATE INDEX no_go_tables_of_scope ON no_go_tables (scope, id);
