CREATE TRIGGER IF NOT EXISTS transfers_never_updated BEFORE UPDATE ON transfers BEGIN SELECT RAISE(ABORT, 'transfers are never changed'); END;
CREATE TRIGGER IF NOT EXISTS transfers_never_deleted BEFORE DELETE ON transfers BEGIN SELECT RAISE(ABORT, 'transfers are never deleted'); END;
CREATE TRIGGER IF NOT EXISTS events_never_updated BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER IF NOT EXISTS events_never_deleted BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
CREATE TRIGGER IF NOT EXISTS rule_sets_never_updated BEFORE UPDATE OF id, name, version, carrier, document, loaded_by, loaded_at ON rule_sets BEGIN SELECT RAISE(ABORT, 'rule sets are never changed'); END;
CREATE TRIGGER IF NOT EXISTS rule_sets_never_deleted BEFORE DELETE ON rule_sets BEGIN SELECT RAISE(ABORT, 'rule sets are never deleted'); END;
CREATE TRIGGER IF NOT EXISTS no_go_tables_never_updated BEFORE UPDATE ON no_go_tables BEGIN SELECT RAISE(ABORT, 'no-go tables are never changed'); END;
CREATE TRIGGER IF NOT EXISTS no_go_tables_never_deleted BEFORE DELETE ON no_go_tables BEGIN SELECT RAISE(ABORT, 'no-go tables are never deleted'); END;
