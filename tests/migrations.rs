//! A database of an earlier program is brought up to date with everything that is in it.

use std::borrow::Cow;

use afterfare::db::{Db, Kind, PoolSizes};
use sqlx::Executor;
use sqlx::migrate::Migrator;

use crate::world::new_database;

static ALL: Migrator = sqlx::migrate!("./migrations");

/// The last one before cases became wider.
const BEFORE: i64 = 7;

const ROWS: &str = "\
INSERT INTO agencies (id, code, name, currency, credit_line_minor, created_at) VALUES ('a', 'OLD', 'Old Travel', 'USD', 0, '2026-01-01T00:00:00Z');
INSERT INTO users (id, email, name, role, agency_id, language, zone_name, created_at) VALUES ('u', 'u@old.example', 'U', 'admin', 'a', 'en', 'UTC', '2026-01-01T00:00:00Z');
INSERT INTO orders (id, agency_id, order_no, pnr, status, payment_channel, journey_type, currency, total_minor, airline, airlines, lead_passenger, passenger_count, origin, destination, departure_local, departure_at, has_refund, document, document_digest, created_at, imported_at)
VALUES ('o', 'a', 'OLD1', 'PNR', 'ticketed', 'deposit', 'one-way', 'USD', 1000, 'LJ', 'LJ', 'X', 1, 'PVG', 'CJU', '2026-12-01T13:25', '2026-12-01T05:25:00Z', 1, '{}', 'd', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z');
INSERT INTO quotes (id, order_id, agency_id, ordinal, selection, facts, answer, created_by, created_at, expires_at) VALUES ('q', 'o', 'a', 1, '{}', '{}', '{}', 'u', '2026-01-01T00:00:00Z', '2026-01-01T02:00:00Z');
INSERT INTO refunds (id, number, agency_id, order_id, quote_id, kind, status, payment_channel, reason, order_no, airline_pnr, airline, airlines, full_refund, currency, original_minor, service_fee_minor, actual_minor, version, ticketed_on, departure_on, registered_at, registered_by, submit_by, due_at, closed_at)
VALUES ('r', '202601-0001', 'a', 'o', 'q', 'refund', 'refunded', 'deposit', 'voluntary', 'OLD1', 'PNR', 'LJ', 'LJ', 1, 'USD', 1000, 0, 900, 5, '2026-01-01', '2026-12-01', '2026-01-01T00:00:00Z', 'u', '2026-01-01T04:00:00Z', '2026-01-01T04:00:00Z', '2026-01-02T00:00:00Z');
INSERT INTO refund_coupons (refund_id, order_id, passenger_no, passenger_name, segment_no, holds) VALUES ('r', 'o', 1, 'X', 1, 1);
INSERT INTO accounts (id, kind, owner, currency, balance_minor, floor_minor) VALUES ('c1', 'refund-payable', 'a', 'USD', 0, NULL), ('c2', 'deposit', 'a', 'USD', 900, 0), ('c3', 'airline-receivable', 'LJ', 'USD', 0, NULL), ('c4', 'airline-cash', '', 'USD', -900, NULL);
INSERT INTO transfers (id, entry_id, debit_account_id, credit_account_id, amount_minor, currency, kind, refund_id, refund_channel, actor_id, created_at)
VALUES ('t', 'e', 'c1', 'c2', 900, 'USD', 'refund-credit', 'r', 'deposit', 'u', '2026-01-02T00:00:00Z'), ('t0', 'e0', 'c3', 'c1', 900, 'USD', 'airline-confirmed', 'r', 'deposit', 'u', '2026-01-02T00:00:00Z'), ('t1', 'e1', 'c4', 'c3', 900, 'USD', 'airline-money', 'r', 'deposit', 'u', '2026-01-02T00:00:00Z');
INSERT INTO events (id, subject_kind, subject_id, happened, actor_id, actor_name, actor_side, details, created_at) VALUES ('v', 'refund', 'r', 'credited', 'u', 'U', 'operator', '{}', '2026-01-02T00:00:00Z');";

const TABLES: [&str; 8] = ["agencies", "users", "orders", "quotes", "refunds", "refund_coupons", "accounts", "transfers"];

/// The digests of all migrations: a database that has one of them is not opened by a program in which it reads otherwise.
const DIGESTS: &str = include_str!("files/migrations.txt");

#[test]
fn no_migration_is_changed_once_it_is_kept() {
    let digest = |bytes: &[u8]| bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let found: Vec<String> = ALL
        .iter()
        .map(|migration| format!("{:04} {} {}", migration.version, migration.description, digest(&migration.checksum[..16])))
        .collect();
    let kept: Vec<&str> = DIGESTS.lines().collect();
    assert_eq!(found, kept, "a new migration is added to tests/files/migrations.txt; one that is there already is never edited");
}

async fn brought_up_to_date(kind: Kind) {
    use sqlx::Connection;
    let (url, folder) = new_database(kind).await;
    sqlx::any::install_default_drivers();
    if let Some(folder) = &folder {
        std::fs::File::create(folder.0.join("afterfare.db")).expect("a file");
    }
    let mut conn = sqlx::AnyConnection::connect(&url).await.expect("the database is reached");
    if kind == Kind::Postgres {
        // The template is up to date already: begin with nothing.
        conn.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await.expect("an empty database");
    } else {
        conn.execute("PRAGMA foreign_keys=ON").await.expect("foreign keys");
    }
    let early = ALL.migrations.iter().filter(|migration| migration.version <= BEFORE).cloned().collect();
    let migrator = Migrator { migrations: Cow::Owned(early), ..Migrator::DEFAULT };
    migrator.run_direct(None, &mut conn, false).await.expect("the earlier program's tables");
    for statement in ROWS.split(";\n").filter(|statement| !statement.trim().is_empty()) {
        conn.execute(sqlx::AssertSqlSafe(statement.to_owned())).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    conn.close().await.expect("closed");
    let db = Db::open(&url, PoolSizes { readers: 1, writers: 1 }).await.expect("it is brought up to date");
    let mut conn = db.read().await.expect("a connection");
    for table in TABLES {
        let text = format!("SELECT COUNT(*) FROM {table}");
        let (count,): (i64,) = sqlx::query_as(sqlx::AssertSqlSafe(text)).fetch_one(&mut *conn).await.expect("a count");
        let expected = match table {
            "accounts" => 4,
            "transfers" => 3,
            _ => 1,
        };
        assert_eq!(count, expected, "{table}");
    }
    let (wish,): (String,) = sqlx::query_as("SELECT mail FROM users").fetch_one(&mut *conn).await.expect("a user");
    assert_eq!(wish, "each");
    drop(conn);
    // What was guarded is guarded still: the books, the one credit, the one refund per coupon, and the references.
    for statement in [
        "UPDATE transfers SET amount_minor = 1",
        "DELETE FROM events",
        "INSERT INTO refund_coupons (refund_id, order_id, passenger_no, passenger_name, segment_no, holds) VALUES ('nobody', 'o', 9, 'X', 1, 1)",
        "INSERT INTO transfers (id, entry_id, debit_account_id, credit_account_id, amount_minor, currency, kind, refund_id, refund_channel, actor_id, created_at) \
         VALUES ('t2', 'e', 'c1', 'c2', 900, 'USD', 'refund-credit', 'r', 'deposit', 'u', '2026-01-02T00:00:00Z')",
        "UPDATE refunds SET kind = 'claim'",
    ] {
        let done: Result<(), sqlx::Error> = db.write(move |conn| Box::pin(async move { conn.execute(statement).await.map(|_| ()) })).await;
        assert!(done.is_err(), "{statement}");
    }
    assert_eq!(afterfare::finance::verify::run(&db).await.expect("the check runs").differences, Vec::<String>::new());
    db.close().await;
}

#[actix_web::test]
async fn an_earlier_sqlite_database_is_brought_up_to_date() {
    brought_up_to_date(Kind::Sqlite).await;
}

#[actix_web::test]
async fn an_earlier_postgres_database_is_brought_up_to_date() {
    brought_up_to_date(Kind::Postgres).await;
}
