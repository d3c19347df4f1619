//! All SQL about files of ticket numbers.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::command::Code;
use super::form_store;
use super::model::Form;
use crate::db::select::Select;
use crate::db::{Conn, decode, json, numbers};
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::{Actor, Scope};
use crate::kernel::time::{Timestamp, instant_text, parse_instant, utc_day};
use crate::web::paging::Cursor;

/// One row of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchRow {
    /// In the file, from 1.
    pub line: i64,
    /// What stood there.
    pub text: String,
    /// The form that was prepared.
    pub form_id: Option<String>,
    /// Why none was: the host's code.
    pub code: Option<String>,
}

impl BatchRow {
    /// The host's code.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        self.code.as_deref().and_then(|word| word.parse().ok())
    }
}

/// A file of ticket numbers.
#[derive(Debug, Clone)]
pub struct BspBatch {
    pub id: String,
    /// `BB-202611-0001`
    pub number: String,
    pub agency_id: String,
    pub office_id: String,
    pub office: String,
    pub file_name: String,
    pub rows: Vec<BatchRow>,
    pub created_by_name: String,
    pub created_at: Timestamp,
}

impl BspBatch {
    /// How many forms were prepared.
    #[must_use]
    pub fn prepared(&self) -> usize {
        self.rows.iter().filter(|row| row.form_id.is_some()).count()
    }
}

#[derive(FromRow)]
struct BatchEntry {
    id: String,
    number: String,
    agency_id: String,
    office_id: String,
    office: String,
    file_name: String,
    rows_read: String,
    created_by_name: String,
    created_at: String,
}

impl BatchEntry {
    fn batch(self) -> Result<BspBatch, sqlx::Error> {
        Ok(BspBatch {
            rows: serde_json::from_str(&self.rows_read).map_err(decode)?,
            created_at: parse_instant(&self.created_at).map_err(decode)?,
            id: self.id,
            number: self.number,
            agency_id: self.agency_id,
            office_id: self.office_id,
            office: self.office,
            file_name: self.file_name,
            created_by_name: self.created_by_name,
        })
    }
}

const BATCHES: &str = "SELECT b.id, b.number, b.agency_id, b.office_id, o.code AS office, b.file_name, b.rows_read, b.created_by_name, \
     b.created_at FROM bsp_batches b JOIN bsp_offices o ON o.id = b.office_id";

/// The batch with this number, if the scope includes it.
///
/// # Errors
/// The database's own.
pub async fn find(conn: &mut Conn, scope: &Scope, number: &str) -> Result<Option<BspBatch>, sqlx::Error> {
    let query = Select::new(BATCHES).and("b.number = ?", [number.into()]).and_if("b.agency_id = ?", scope.agency_id());
    let rows: Vec<BatchEntry> = query.fetch(conn).await?;
    rows.into_iter().next().map(BatchEntry::batch).transpose()
}

/// The query of the list, the newest first.
#[must_use]
pub fn list_query(scope: &Scope, after: Option<Cursor>, limit: i64) -> Select {
    let mut query = Select::new(BATCHES).and_if("b.agency_id = ?", scope.agency_id());
    if let Some(after) = after {
        query = query.and("(b.created_at, b.id) < (?, ?)", [after.sorted.into(), after.id.into()]);
    }
    query.limited("ORDER BY b.created_at DESC, b.id DESC", limit)
}

/// The list of batches.
///
/// # Errors
/// The database's own.
pub async fn list(conn: &mut Conn, scope: &Scope, after: Option<Cursor>, limit: i64) -> Result<Vec<BspBatch>, sqlx::Error> {
    let rows: Vec<BatchEntry> = list_query(scope, after, limit).fetch(conn).await?;
    rows.into_iter().map(BatchEntry::batch).collect()
}

/// Keeps a batch with the forms that it prepared. Answers its number.
///
/// # Errors
/// The database's own.
pub async fn insert(conn: &mut Conn, new: BspBatch, forms: Vec<Form>, actor: &Actor, now: Timestamp) -> Result<String, sqlx::Error> {
    let number = format!("BB-{}", numbers::next(conn, "bsp-batch", &utc_day(now).strftime("%Y%m").to_string()).await?);
    sqlx::query(
        "INSERT INTO bsp_batches (id, number, agency_id, office_id, file_name, rows_read, created_by_name, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&new.id)
    .bind(&number)
    .bind(&new.agency_id)
    .bind(&new.office_id)
    .bind(&new.file_name)
    .bind(json(&new.rows)?)
    .bind(&new.created_by_name)
    .bind(instant_text(new.created_at))
    .execute(&mut *conn)
    .await?;
    let details = serde_json::json!({ "batch": number });
    form_store::insert_many(conn, &forms).await?;
    let cases = forms.into_iter().map(|form| (Author::from(actor), form.id, details.clone()));
    journal::write_many(conn, Subject::BspForm, "prepared", cases, now).await?;
    Ok(number)
}

/// The forms of a batch by their ids.
///
/// # Errors
/// The database's own.
pub async fn forms(conn: &mut Conn, batch: &BspBatch) -> Result<HashMap<String, Form>, sqlx::Error> {
    let wanted = form_store::Wanted { batch_id: Some(batch.id.clone()), ..form_store::Wanted::default() };
    let most = i64::try_from(batch.rows.len()).unwrap_or(i64::MAX);
    let scope = Scope::Agency(batch.agency_id.clone());
    let forms = form_store::list(conn, &scope, &wanted, None, most).await?;
    Ok(forms.into_iter().map(|form| (form.id.clone(), form)).collect())
}
