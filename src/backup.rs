//! A backup is one ZIP file: each table as lines of JSON, the attached files, and a manifest with counts, balances and
//! digests. It is taken at one moment while a server goes on serving, and restored into either kind of database.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::db::Conn;
use crate::db::copying::Shape;
use crate::db::select::Value;
use crate::kernel::id::hex;

mod drilling;
mod making;
mod restoring;

pub use drilling::{Drill, drill};
pub use making::make;
pub use restoring::restore;

/// How a backup is written.
const FORMAT: u32 = 1;
const MANIFEST: &str = "manifest.json";

/// Why there is no backup, or nothing was restored: a sentence.
#[derive(Debug)]
pub struct Complaint(pub String);

impl<E: std::fmt::Display> From<E> for Complaint {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// One table of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableEntry {
    /// Name, and whether it holds numbers.
    pub columns: Vec<(String, bool)>,
    pub rows: u64,
    /// Over all rows, in whatever order they stand.
    pub digest: String,
}

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// The version of the program that made it.
    pub program: String,
    /// The version of the tables.
    pub tables_version: i64,
    pub made_at: String,
    pub tables: BTreeMap<String, TableEntry>,
    /// Sums of the accounts in minor units, by kind and currency.
    pub balances: BTreeMap<String, i64>,
    pub files: u64,
    /// Attached files that were not on the disk.
    pub missing_files: Vec<String>,
}

impl Manifest {
    /// The rows of all tables.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.values().map(|table| table.rows).sum()
    }
}

/// A digest that does not depend on the order of rows: their digests added up.
#[derive(Default)]
struct RowsDigest {
    sum: [u64; 4],
    rows: u64,
}

impl RowsDigest {
    fn add(&mut self, line: &[u8]) {
        let digest = Sha256::digest(line);
        for (sum, part) in self.sum.iter_mut().zip(digest.chunks_exact(8)) {
            let mut bytes = [0u8; 8];
            bytes.copy_from_slice(part);
            *sum = sum.wrapping_add(u64::from_be_bytes(bytes));
        }
        self.rows += 1;
    }

    fn entry(&self, shape: &Shape) -> TableEntry {
        let bytes: Vec<u8> = self.sum.iter().flat_map(|part| part.to_be_bytes()).collect();
        let digest = hex(&bytes);
        TableEntry { columns: shape.columns.clone(), rows: self.rows, digest }
    }
}

fn line_of(row: Vec<Value>) -> Result<Vec<u8>, serde_json::Error> {
    let cell = |value: Value| match value {
        Value::Text(text) => Json::from(text),
        Value::Number(number) => Json::from(number),
        Value::NoText | Value::NoNumber => Json::Null,
    };
    serde_json::to_vec(&row.into_iter().map(cell).collect::<Vec<_>>())
}

async fn balances(conn: &mut Conn) -> Result<BTreeMap<String, i64>, sqlx::Error> {
    let sums: Vec<(String, String, i64)> = sqlx::query_as(
        "SELECT kind, currency, CAST(SUM(balance_minor) AS BIGINT) FROM accounts GROUP BY kind, currency ORDER BY kind, currency",
    )
    .fetch_all(conn)
    .await?;
    Ok(sums.into_iter().map(|(kind, currency, minor)| (format!("{kind} {currency}"), minor)).collect())
}
