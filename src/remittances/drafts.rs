//! A file between its upload and its import: its rows, and the columns that it is read by. Nothing has happened yet.

use sqlx::FromRow;

use super::mapping::Mapping;
use crate::db::{Conn, decode, json};
use crate::kernel::time::{Timestamp, instant_text};
use crate::spreadsheets::cell::{Row, Table};

/// An uploaded file.
#[derive(Debug, Clone)]
pub struct Draft {
    pub id: String,
    pub source_name: String,
    pub file_name: String,
    pub file_digest: String,
    pub mapping: Mapping,
    pub table: Table,
    pub created_by: String,
}

#[derive(FromRow)]
struct DraftRow {
    id: String,
    source_name: String,
    file_name: String,
    file_digest: String,
    mapping: String,
    header: String,
    rows: String,
    created_by: String,
}

impl DraftRow {
    fn draft(self) -> Result<Draft, sqlx::Error> {
        Ok(Draft {
            mapping: serde_json::from_str(&self.mapping).map_err(decode)?,
            table: Table {
                header: serde_json::from_str(&self.header).map_err(decode)?,
                rows: serde_json::from_str::<Vec<Row>>(&self.rows).map_err(decode)?,
            },
            id: self.id,
            source_name: self.source_name,
            file_name: self.file_name,
            file_digest: self.file_digest,
            created_by: self.created_by,
        })
    }
}

/// A source of files: its name, and how they are read.
#[derive(Debug, Clone)]
pub struct Source {
    pub id: String,
    pub name: String,
    pub mapping: Mapping,
}

/// Every source, by name.
///
/// # Errors
/// The database's own.
pub async fn sources(conn: &mut Conn) -> Result<Vec<Source>, sqlx::Error> {
    let rows: Vec<(String, String, String)> =
        sqlx::query_as("SELECT id, name, mapping FROM remittance_sources ORDER BY name LIMIT 500").fetch_all(conn).await?;
    rows.into_iter().map(|(id, name, mapping)| Ok(Source { id, name, mapping: serde_json::from_str(&mapping).map_err(decode)? })).collect()
}

/// The source of a name.
///
/// # Errors
/// The database's own.
pub async fn source(conn: &mut Conn, name: &str) -> Result<Option<Source>, sqlx::Error> {
    let row: Option<(String, String, String)> =
        sqlx::query_as("SELECT id, name, mapping FROM remittance_sources WHERE name = $1").bind(name).fetch_optional(conn).await?;
    row.map(|(id, name, mapping)| Ok(Source { id, name, mapping: serde_json::from_str(&mapping).map_err(decode)? })).transpose()
}

/// Keeps how a source's files are read, a new one's too; answers its id.
///
/// # Errors
/// The database's own.
pub async fn save_source(
    conn: &mut Conn,
    id: &str,
    name: &str,
    mapping: &Mapping,
    by: &str,
    now: Timestamp,
) -> Result<String, sqlx::Error> {
    let (id,): (String,) = sqlx::query_as(
        "INSERT INTO remittance_sources (id, name, mapping, created_by, created_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (name) DO UPDATE SET mapping = excluded.mapping RETURNING id",
    )
    .bind(id)
    .bind(name)
    .bind(json(mapping)?)
    .bind(by)
    .bind(instant_text(now))
    .fetch_one(conn)
    .await?;
    Ok(id)
}

/// Keeps a draft.
///
/// # Errors
/// The database's own.
pub async fn insert(conn: &mut Conn, draft: &Draft, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO remittance_drafts (id, source_name, file_name, file_digest, mapping, header, rows, created_by, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(&draft.id)
    .bind(&draft.source_name)
    .bind(&draft.file_name)
    .bind(&draft.file_digest)
    .bind(json(&draft.mapping)?)
    .bind(json(&draft.table.header)?)
    .bind(json(&draft.table.rows)?)
    .bind(&draft.created_by)
    .bind(instant_text(now))
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes how a draft is read.
///
/// # Errors
/// The database's own.
pub async fn save_mapping(conn: &mut Conn, id: &str, mapping: &Mapping) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE remittance_drafts SET mapping = $1 WHERE id = $2").bind(json(mapping)?).bind(id).execute(conn).await?;
    Ok(())
}

/// A draft.
///
/// # Errors
/// The database's own.
pub async fn find(conn: &mut Conn, id: &str) -> Result<Option<Draft>, sqlx::Error> {
    let row: Option<DraftRow> = sqlx::query_as(
        "SELECT id, source_name, file_name, file_digest, mapping, header, rows, created_by FROM remittance_drafts WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(conn)
    .await?;
    row.map(DraftRow::draft).transpose()
}

/// Forgets a draft. Answers whether it was still there.
///
/// # Errors
/// The database's own.
pub async fn forget(conn: &mut Conn, id: &str) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("DELETE FROM remittance_drafts WHERE id = $1").bind(id).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets drafts of long ago.
///
/// # Errors
/// The database's own.
pub async fn forget_before(conn: &mut Conn, before: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM remittance_drafts WHERE created_at < $1").bind(instant_text(before)).execute(conn).await?;
    Ok(())
}
