//! Where attachments are kept: a row each, and a file under a name that nobody can guess.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use sqlx::FromRow;

use super::kind::FileKind;
use crate::db::rows::{self, Table};
use crate::db::select::Select;
use crate::db::{Conn, decode};
use crate::kernel::actor::Scope;
use crate::kernel::time::{Timestamp, instant_text, parse_instant};

/// A file of a case, or a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    pub id: String,
    /// Whose it is; nothing for the operator's drafts.
    pub agency_id: Option<String>,
    pub message_id: Option<String>,
    /// For the operator's eyes only.
    pub internal: bool,
    pub name: String,
    pub kind: FileKind,
    pub bytes: i64,
    pub digest: String,
    pub stored_as: String,
    pub created_by: String,
    pub created_at: Timestamp,
}

impl Attachment {
    /// Its size for people, in whole KB or MB.
    #[must_use]
    pub fn size(&self) -> String {
        const MB: i64 = 1_048_576;
        let whole = |unit: i64| (self.bytes + unit - 1) / unit;
        if self.bytes >= MB { format!("{} MB", whole(MB)) } else { format!("{} KB", whole(1024)) }
    }
}

#[derive(FromRow)]
struct AttachmentRow {
    id: String,
    agency_id: Option<String>,
    message_id: Option<String>,
    internal: i64,
    name: String,
    #[sqlx(try_from = "String")]
    kind: FileKind,
    bytes: i64,
    digest: String,
    stored_as: String,
    created_by: String,
    created_at: String,
}

impl AttachmentRow {
    fn attachment(self) -> Result<Attachment, sqlx::Error> {
        Ok(Attachment {
            created_at: parse_instant(&self.created_at).map_err(decode)?,
            id: self.id,
            agency_id: self.agency_id,
            message_id: self.message_id,
            internal: self.internal == 1,
            name: self.name,
            kind: self.kind,
            bytes: self.bytes,
            digest: self.digest,
            stored_as: self.stored_as,
            created_by: self.created_by,
        })
    }
}

/// The case that a file is bound to: its kind's word, its id, its agency.
#[derive(Debug, Clone, Copy)]
pub struct Home<'a> {
    pub case_kind: &'a str,
    pub case_id: &'a str,
    pub agency_id: &'a str,
}

const ATTACHMENTS: Table = Table {
    name: "attachments",
    columns: &["id", "agency_id", "internal", "name", "kind", "bytes", "digest", "stored_as", "created_by", "created_at"],
    suffix: "",
};

/// Keeps drafts.
///
/// # Errors
/// The database's own.
pub async fn insert_drafts(conn: &mut Conn, drafts: &[Attachment]) -> Result<(), sqlx::Error> {
    let row = |draft: &Attachment| {
        vec![
            draft.id.as_str().into(),
            draft.agency_id.clone().into(),
            0.into(),
            draft.name.as_str().into(),
            draft.kind.word().into(),
            draft.bytes.into(),
            draft.digest.as_str().into(),
            draft.stored_as.as_str().into(),
            draft.created_by.as_str().into(),
            instant_text(draft.created_at).into(),
        ]
    };
    rows::insert(conn, ATTACHMENTS, drafts.iter().map(row)).await
}

/// How many drafts somebody has.
///
/// # Errors
/// The database's own.
pub async fn count_drafts(conn: &mut Conn, user_id: &str) -> Result<i64, sqlx::Error> {
    let (count,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM attachments WHERE created_by = $1 AND case_id IS NULL").bind(user_id).fetch_one(conn).await?;
    Ok(count)
}

/// Binds somebody's drafts to a case, in the transaction of what they belong to. Answers how many were bound: ids of
/// others, or of files that are bound already, are not.
///
/// # Errors
/// The database's own.
pub async fn bind(
    conn: &mut Conn,
    ids: &[String],
    user_id: &str,
    home: Home<'_>,
    message_id: Option<&str>,
    internal: bool,
) -> Result<usize, sqlx::Error> {
    let mut bound = 0;
    for id in ids {
        let update = sqlx::query(
            "UPDATE attachments SET agency_id = $1, case_kind = $2, case_id = $3, message_id = $4, internal = $5 \
             WHERE id = $6 AND created_by = $7 AND case_id IS NULL",
        )
        .bind(home.agency_id)
        .bind(home.case_kind)
        .bind(home.case_id)
        .bind(message_id)
        .bind(i64::from(internal))
        .bind(id)
        .bind(user_id)
        .execute(&mut *conn)
        .await?;
        bound += usize::try_from(update.rows_affected()).unwrap_or(0);
    }
    Ok(bound)
}

const COLUMNS: &str = "id, agency_id, message_id, internal, name, kind, bytes, digest, stored_as, created_by, created_at";

/// Those of these ids that are still drafts of this person, for a form that comes back.
///
/// # Errors
/// The database's own.
pub async fn drafts(conn: &mut Conn, ids: &[String], user_id: &str) -> Result<Vec<Attachment>, sqlx::Error> {
    let text = format!("SELECT {COLUMNS} FROM attachments WHERE id = $1 AND created_by = $2 AND case_id IS NULL");
    let mut found = Vec::new();
    for id in ids {
        let query = sqlx::query_as(sqlx::AssertSqlSafe(text.as_str())).bind(id).bind(user_id);
        let row: Option<AttachmentRow> = query.fetch_optional(&mut *conn).await?;
        found.extend(row.map(AttachmentRow::attachment).transpose()?);
    }
    Ok(found)
}

/// The newest files of a case, oldest first; internal ones only where they are asked for.
///
/// # Errors
/// The database's own.
pub async fn of_case(conn: &mut Conn, case_kind: &str, case_id: &str, internal: bool) -> Result<Vec<Attachment>, sqlx::Error> {
    let text = format!(
        "SELECT {COLUMNS} FROM attachments WHERE case_kind = $1 AND case_id = $2 AND (internal = 0 OR $3 = 1) ORDER BY created_at DESC, id DESC LIMIT 500"
    );
    let query = sqlx::query_as(sqlx::AssertSqlSafe(text)).bind(case_kind).bind(case_id).bind(i64::from(internal));
    let rows: Vec<AttachmentRow> = query.fetch_all(conn).await?;
    rows.into_iter().rev().map(AttachmentRow::attachment).collect()
}

/// The files of many cases of one kind, by case, oldest first; internal ones are left out.
///
/// # Errors
/// The database's own.
pub async fn of_cases(conn: &mut Conn, case_kind: &str, case_ids: &[&str]) -> Result<HashMap<String, Vec<Attachment>>, sqlx::Error> {
    let mut all: HashMap<String, Vec<Attachment>> = HashMap::new();
    if case_ids.is_empty() {
        return Ok(all);
    }
    let rows: Vec<CaseRow> = Select::new(
        "SELECT a.case_id, a.id, a.agency_id, a.message_id, a.internal, a.name, a.kind, a.bytes, a.digest, a.stored_as, a.created_by, \
         a.created_at FROM attachments a",
    )
    .and("a.case_kind = ? AND a.internal = 0", [case_kind.into()])
    .and_in("a.case_id", case_ids.iter().map(|id| (*id).into()))
    .then("ORDER BY a.created_at, a.id LIMIT 2000", [])
    .fetch(conn)
    .await?;
    for row in rows {
        all.entry(row.case_id).or_default().push(row.attachment.attachment()?);
    }
    Ok(all)
}

#[derive(FromRow)]
struct CaseRow {
    case_id: String,
    #[sqlx(flatten)]
    attachment: AttachmentRow,
}

/// One file that is bound to a case, if the scope may see it.
///
/// # Errors
/// The database's own.
pub async fn find(conn: &mut Conn, scope: &Scope, id: &str) -> Result<Option<Attachment>, sqlx::Error> {
    let text = format!("SELECT {COLUMNS} FROM attachments WHERE id = $1 AND case_id IS NOT NULL");
    let row: Option<AttachmentRow> = sqlx::query_as(sqlx::AssertSqlSafe(text)).bind(id).fetch_optional(conn).await?;
    let found = row.map(AttachmentRow::attachment).transpose()?;
    Ok(found.filter(|file| match scope {
        Scope::Operator => true,
        Scope::Agency(own) => !file.internal && file.agency_id.as_ref() == Some(own),
    }))
}

/// Whether a file belongs to a case that is about money only.
///
/// # Errors
/// The database's own.
pub async fn is_about_money(conn: &mut Conn, id: &str) -> Result<bool, sqlx::Error> {
    let row: Option<(String,)> =
        sqlx::query_as("SELECT id FROM attachments WHERE id = $1 AND case_kind = 'top-up'").bind(id).fetch_optional(conn).await?;
    Ok(row.is_some())
}

/// Forgets drafts of long ago and answers the names of their files.
///
/// # Errors
/// The database's own.
pub async fn forget_drafts(conn: &mut Conn, before: Timestamp) -> Result<Vec<String>, sqlx::Error> {
    let rows: Vec<(String,)> = sqlx::query_as("DELETE FROM attachments WHERE case_id IS NULL AND created_at < $1 RETURNING stored_as")
        .bind(instant_text(before))
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// Where a stored file lies: in one of 256 folders, by the first two digits of its random name.
#[must_use]
pub fn path(folder: &Path, stored_as: &str) -> PathBuf {
    folder.join(stored_as.get(..2).unwrap_or("00")).join(stored_as)
}
