//! A database of an earlier program is brought up to date with everything that is in it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use afterfare::db::{Db, Kind, PoolSizes};
use sqlx::migrate::Migrator;
use sqlx::{AnyConnection, Connection, Executor};

use crate::world::{execute, new_database};

static ALL: Migrator = sqlx::migrate!("./migrations");

/// What stood in databases of earlier programs: rows in the tables that had come by then, told apart by the last migration
/// they had. A later one begins with the rows of those before it.
const SCHEMAS: [(i64, &str); 5] = [
    (7, include_str!("files/schemas/07.sql")),
    (12, include_str!("files/schemas/12.sql")),
    (17, include_str!("files/schemas/17.sql")),
    (21, include_str!("files/schemas/21.sql")),
    (25, include_str!("files/schemas/25.sql")),
];

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

async fn migrate(conn: &mut AnyConnection, to: i64) {
    let early = ALL.migrations.iter().filter(|migration| migration.version <= to).cloned().collect();
    let migrator = Migrator { migrations: Cow::Owned(early), ..Migrator::DEFAULT };
    migrator.run_direct(None, conn, false).await.expect("the earlier program's tables");
}

/// How many rows each table has.
async fn counts(conn: &mut AnyConnection, kind: Kind) -> BTreeMap<String, i64> {
    let tables = match kind {
        Kind::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> '_sqlx_migrations'",
        Kind::Postgres => {
            "SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name <> '_sqlx_migrations'"
        }
    };
    let names: Vec<(String,)> = sqlx::query_as(tables).fetch_all(&mut *conn).await.expect("the tables");
    let mut counts = BTreeMap::new();
    for (name,) in names {
        let text = format!("SELECT COUNT(*) FROM {name}");
        let (count,): (i64,) = sqlx::query_as(sqlx::AssertSqlSafe(text)).fetch_one(&mut *conn).await.expect("a count");
        counts.insert(name, count);
    }
    counts
}

/// Accounts whose balance is not what was transferred: what every program has asked of its books.
const UNBALANCED: &str = "SELECT a.id FROM accounts a WHERE a.balance_minor <> \
     COALESCE((SELECT SUM(t.amount_minor) FROM transfers t WHERE t.credit_account_id = a.id), 0) - \
     COALESCE((SELECT SUM(t.amount_minor) FROM transfers t WHERE t.debit_account_id = a.id), 0)";

async fn brought_up_to_date(kind: Kind) {
    for (last, _) in SCHEMAS {
        from_version(kind, last).await;
    }
}

async fn from_version(kind: Kind, last: i64) {
    let (url, folder) = new_database(kind).await;
    sqlx::any::install_default_drivers();
    if let Some(folder) = &folder {
        std::fs::File::create(folder.0.join("afterfare.db")).expect("a file");
    }
    let mut conn = AnyConnection::connect(&url).await.expect("the database is reached");
    if kind == Kind::Postgres {
        // The template is up to date already: begin with nothing.
        conn.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await.expect("an empty database");
    } else {
        conn.execute("PRAGMA foreign_keys=ON").await.expect("foreign keys");
    }
    for (version, rows) in SCHEMAS.into_iter().filter(|(version, _)| *version <= last) {
        migrate(&mut conn, version).await;
        for statement in rows.split(";\n").filter(|statement| !statement.trim().is_empty()) {
            conn.execute(sqlx::AssertSqlSafe(statement.to_owned())).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
    }
    let before = counts(&mut conn, kind).await;
    let unbalanced: Vec<(String,)> = sqlx::query_as(UNBALANCED).fetch_all(&mut conn).await.expect("the books");
    assert_eq!(unbalanced, [], "the books are right before, at {last}");
    let busy = match kind {
        // Longer than a page's statement may wait: bringing a large database up to date takes its time.
        Kind::Postgres if last == 21 => {
            conn.execute("BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE").await.expect("locked");
            Duration::from_secs(6)
        }
        Kind::Postgres | Kind::Sqlite => Duration::ZERO,
    };
    if busy.is_zero() {
        conn.close().await.expect("closed");
    } else {
        actix_web::rt::spawn(async move {
            actix_web::rt::time::sleep(busy).await;
            conn.close().await.expect("closed");
        });
    }
    let db = Db::open(&url, PoolSizes { readers: 1, writers: 1 }).await.expect("it is brought up to date");
    let mut conn = db.read().await.expect("a connection");
    let mut after = counts(&mut conn, kind).await;
    assert_eq!(after.get("order_documents"), before.get("orders"), "each order has its document");
    after.retain(|table, _| before.contains_key(table));
    assert_eq!(after, before, "no row is lost or doubled, from {last}");
    let (wish,): (String,) = sqlx::query_as("SELECT mail FROM users").fetch_one(&mut *conn).await.expect("a user");
    assert_eq!(wish, "each");
    let documents: Vec<(String,)> =
        sqlx::query_as("SELECT document FROM order_documents ORDER BY order_id").fetch_all(&mut *conn).await.expect("the documents");
    let documents: Vec<&str> = documents.iter().map(|(document,)| document.as_str()).collect();
    let known = ["{}", "{\"second\": \"越南\"}", "{\"third\": \"三\"}", "{\"fourth\": 4}"];
    assert_eq!(documents, known[..documents.len()]);
    let text = "SELECT order_id, created_at FROM refunded_orders WHERE agency_id = 'a' ORDER BY order_id";
    let refunded: Vec<(String, String)> = sqlx::query_as(text).fetch_all(&mut *conn).await.expect("orders with a refund");
    let refunded: Vec<(&str, &str)> = refunded.iter().map(|(id, at)| (id.as_str(), at.as_str())).collect();
    let known = [("o", "2026-01-01T00:00:00Z"), ("o2", "2026-01-05T00:00:00Z")];
    assert_eq!(refunded, known[..if last >= 17 { 2 } else { 1 }], "the third has none");
    if last >= 17 {
        let text = "SELECT airline_reference_key, held_minor FROM refunds WHERE id = 'r2'";
        let (key, held): (String, i64) = sqlx::query_as(text).fetch_one(&mut *conn).await.expect("the claim");
        assert_eq!((key.as_str(), held), ("VJ77A", 0));
    }
    if last >= 25 {
        let text = "SELECT name_keys FROM orders WHERE id = 'o4'";
        let (names,): (String,) = sqlx::query_as(text).fetch_one(&mut *conn).await.expect("its names");
        assert!(["|4c4520414e|414e204c45", "|414e204c45|4c4520414e"].contains(&names.as_str()), "{names}");
    }
    drop(conn);
    // What was guarded is guarded still: the books, the one credit, the one refund per coupon, and the references.
    for statement in [
        "UPDATE transfers SET amount_minor = 1",
        "DELETE FROM events",
        "INSERT INTO order_documents (order_id, document) VALUES ('nobody', '{}')",
        "INSERT INTO refund_coupons (refund_id, order_id, passenger_no, passenger_name, segment_no, holds) VALUES ('nobody', 'o', 9, 'X', 1, 1)",
        "INSERT INTO transfers (id, entry_id, debit_account_id, credit_account_id, amount_minor, currency, kind, refund_id, refund_channel, actor_id, created_at) \
         VALUES ('t9', 'e', 'c1', 'c2', 900, 'USD', 'refund-credit', 'r', 'deposit', 'u', '2026-01-02T00:00:00Z')",
        "UPDATE refunds SET kind = CASE WHEN kind = 'claim' THEN 'refund' ELSE 'claim' END",
    ] {
        let done: Result<(), sqlx::Error> = db.write(move |conn| Box::pin(async move { conn.execute(statement).await.map(|_| ()) })).await;
        assert!(done.is_err(), "{statement}");
    }
    let differences = afterfare::finance::verify::run(&db).await.expect("the check runs").differences;
    assert_eq!(differences, Vec::<String>::new(), "from {last}");
    db.close().await;
}

/// A name that the database cannot keep must not be the first to say so.
async fn refused_for_its_encoding(url: &str, encoding: &str) {
    let Err(error) = Db::open(url, PoolSizes { readers: 1, writers: 1 }).await else { panic!("{encoding} was taken") };
    let expected =
        format!("the database keeps its text as {encoding}, which has not every passenger's name: create one with the encoding UTF-8");
    assert_eq!(error.to_string(), expected);
}

#[actix_web::test]
async fn a_sqlite_database_of_another_encoding_is_refused() {
    let (url, folder) = new_database(Kind::Sqlite).await;
    let folder = folder.expect("a folder");
    std::fs::File::create(folder.0.join("afterfare.db")).expect("a file");
    execute(&url, "PRAGMA encoding = 'UTF-16le'; CREATE TABLE before (id TEXT)").await;
    refused_for_its_encoding(&url, "UTF-16le").await;
}

#[actix_web::test]
async fn a_postgres_database_of_another_encoding_is_refused() {
    let server = std::env::var("AFTERFARE_TEST_POSTGRES").expect("a server");
    let (host, _) = server.rsplit_once('/').expect("an address with a database");
    let name = format!("afterfare_latin_{}", std::process::id());
    execute(&server, &format!("CREATE DATABASE {name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")).await;
    refused_for_its_encoding(&format!("{host}/{name}"), "LATIN1").await;
}

#[actix_web::test]
async fn an_earlier_sqlite_database_is_brought_up_to_date() {
    brought_up_to_date(Kind::Sqlite).await;
}

#[actix_web::test]
async fn an_earlier_postgres_database_is_brought_up_to_date() {
    brought_up_to_date(Kind::Postgres).await;
}
