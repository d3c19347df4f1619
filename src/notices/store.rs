//! All SQL about notices.

use std::collections::HashSet;

use serde::Deserialize;
use sqlx::FromRow;

use super::model::{Case, CaseKind, MailState, Notice, Recipient};
use crate::db::rows::{self, Insertion, Table};
use crate::db::select::{Select, Value};
use crate::db::{Conn, along_indexes, decode, json};
use crate::kernel::id::new_id;
use crate::kernel::time::{Timestamp, instant_text, parse_instant};
use crate::web::paging::Cursor;
use crate::web::words::Message;

const NOTICES: Table = Table {
    name: "notices",
    columns: &[
        "id",
        "user_id",
        "case_kind",
        "case_id",
        "case_no",
        "order_no",
        "path",
        "sentences",
        "created_at",
        "mail_state",
        "mail_due_at",
        "mail_attempts",
    ],
    suffix: "",
};

/// Tells the recipients, in the transaction of what happened.
///
/// # Errors
/// The database's own.
pub async fn post(
    conn: &mut Conn,
    recipients: &[Recipient],
    case: &Case,
    sentences: &[Message],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    rows::insert_all(conn, vec![entries(recipients, &[(case, sentences)], now)?]).await
}

/// The rows of [`post`] about many cases: each with its sentences.
///
/// # Errors
/// When sentences cannot be written down.
pub fn entries(recipients: &[Recipient], cases: &[(&Case, &[Message])], now: Timestamp) -> Result<Insertion<'static>, sqlx::Error> {
    let texts = cases.iter().map(|(_, sentences)| json(sentences)).collect::<Result<Vec<String>, _>>()?;
    let row = |case: &Case, text: &str, recipient: &Recipient| {
        let mailed = recipient.mailed_at(now);
        let state = if mailed.is_some() { MailState::Waiting } else { MailState::None };
        vec![
            new_id().into(),
            recipient.user_id.as_str().into(),
            case.kind.word().into(),
            case.id.as_str().into(),
            case.no.as_str().into(),
            case.order_no.as_str().into(),
            case.path().into(),
            text.into(),
            instant_text(now).into(),
            state.word().into(),
            instant_text(mailed.unwrap_or(now)).into(),
            0.into(),
        ]
    };
    let told = cases.iter().zip(&texts);
    let rows = told.flat_map(|((case, _), text)| recipients.iter().map(move |recipient| row(case, text, recipient)));
    Ok(Insertion::of(NOTICES, rows))
}

#[derive(FromRow, Deserialize)]
struct NoticeRow {
    id: String,
    user_id: String,
    #[sqlx(try_from = "String")]
    case_kind: CaseKind,
    case_id: String,
    case_no: String,
    order_no: String,
    sentences: String,
    created_at: String,
    read_at: Option<String>,
    mail_attempts: i64,
}

const COLUMNS: &str = "n.id, n.user_id, n.case_kind, n.case_id, n.case_no, n.order_no, n.sentences, n.created_at, n.read_at, \
     n.mail_attempts";

impl NoticeRow {
    fn notice(self) -> Result<Notice, sqlx::Error> {
        Ok(Notice {
            // A sentence of a program to come must not stop the mail of everybody else.
            sentences: serde_json::from_str(&self.sentences).unwrap_or_default(),
            at: parse_instant(&self.created_at).map_err(decode)?,
            id: self.id,
            user_id: self.user_id,
            case: Case { kind: self.case_kind, id: self.case_id, no: self.case_no, order_no: self.order_no },
            is_read: self.read_at.is_some(),
            mail_attempts: self.mail_attempts,
        })
    }
}

/// The query for somebody's notices, the newest first.
#[must_use]
pub fn list_query(user_id: &str, after: Option<Cursor>, limit: i64) -> Select {
    let mut query = Select::new(
        "SELECT n.id, n.user_id, n.case_kind, n.case_id, n.case_no, n.order_no, n.sentences, n.created_at, n.read_at, n.mail_attempts FROM notices n",
    )
    .and("n.user_id = ?", [user_id.into()]);
    if let Some(after) = after {
        query = query.and("(n.created_at, n.id) < (?, ?)", [after.sorted.into(), after.id.into()]);
    }
    query.limited("ORDER BY n.created_at DESC, n.id DESC", limit)
}

/// Somebody's notices, the newest first.
///
/// # Errors
/// The database's own.
pub async fn list(conn: &mut Conn, user_id: &str, after: Option<Cursor>, limit: i64) -> Result<Vec<Notice>, sqlx::Error> {
    let rows: Vec<NoticeRow> = list_query(user_id, after, limit).fetch_packed(conn).await?;
    rows.into_iter().map(NoticeRow::notice).collect()
}

/// One notice of somebody.
///
/// # Errors
/// The database's own.
pub async fn find(conn: &mut Conn, user_id: &str, id: &str) -> Result<Option<Notice>, sqlx::Error> {
    let text = format!("SELECT {COLUMNS} FROM notices n WHERE n.id = $1 AND n.user_id = $2");
    let row: Option<NoticeRow> = sqlx::query_as(sqlx::AssertSqlSafe(text)).bind(id).bind(user_id).fetch_optional(conn).await?;
    row.map(NoticeRow::notice).transpose()
}

/// Whether somebody has an unread notice of a case.
///
/// # Errors
/// The database's own.
pub async fn has_unread(conn: &mut Conn, user_id: &str, kind: CaseKind, case_id: &str) -> Result<bool, sqlx::Error> {
    let row: Option<(i64,)> = sqlx::query_as(
        "SELECT CAST(1 AS BIGINT) FROM notices WHERE user_id = $1 AND case_kind = $2 AND case_id = $3 AND read_at IS NULL LIMIT 1",
    )
    .bind(user_id)
    .bind(kind.word())
    .bind(case_id)
    .fetch_optional(conn)
    .await?;
    Ok(row.is_some())
}

/// The cases of one kind of which somebody has unread notices, at most 500.
///
/// # Errors
/// The database's own.
pub async fn unread_cases(conn: &mut Conn, user_id: &str, kind: CaseKind) -> Result<HashSet<String>, sqlx::Error> {
    let rows: Vec<(String,)> = sqlx::query_as(
        "SELECT DISTINCT case_id FROM notices WHERE user_id = $1 AND case_kind = $2 AND read_at IS NULL ORDER BY case_id LIMIT 500",
    )
    .bind(user_id)
    .bind(kind.word())
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Marks somebody's notices of a case as read.
///
/// # Errors
/// The database's own.
pub async fn mark_case_read(conn: &mut Conn, user_id: &str, kind: CaseKind, case_id: &str, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE notices SET read_at = $1 WHERE user_id = $2 AND case_kind = $3 AND case_id = $4 AND read_at IS NULL")
        .bind(instant_text(now))
        .bind(user_id)
        .bind(kind.word())
        .bind(case_id)
        .execute(conn)
        .await?;
    Ok(())
}

/// Marks all notices of somebody as read, or one.
///
/// # Errors
/// The database's own.
pub async fn mark_read(conn: &mut Conn, user_id: &str, id: Option<&str>, now: Timestamp) -> Result<(), sqlx::Error> {
    let update = match id {
        Some(id) => sqlx::query("UPDATE notices SET read_at = $1 WHERE user_id = $2 AND read_at IS NULL AND id = $3")
            .bind(instant_text(now))
            .bind(user_id)
            .bind(id),
        None => sqlx::query("UPDATE notices SET read_at = $1 WHERE user_id = $2 AND read_at IS NULL").bind(instant_text(now)).bind(user_id),
    };
    update.execute(conn).await?;
    Ok(())
}

/// Notices taken in one go: few enough that their mails are sent long before they count as abandoned.
const TAKEN: i64 = 40;

/// The query for who is the next to get mail.
#[must_use]
pub fn next_reader_query(now: Timestamp) -> Select {
    Select::new("SELECT user_id FROM notices")
        .and("mail_state IN ('waiting', 'sending') AND mail_due_at <= ?", [instant_text(now).into()])
        .limited_for_all("ORDER BY mail_due_at, id", 1)
}

/// The statement that takes one person's due notices: it answers them.
#[must_use]
pub fn take_query(user_id: &str, now: Timestamp, until: Timestamp) -> Select {
    // While it is being sent it is due again only after the sender must have given up.
    Select::new("UPDATE notices")
        .then(
            "SET mail_state = 'sending', mail_attempts = mail_attempts + 1, mail_due_at = ? \
             WHERE id IN (SELECT id FROM notices WHERE user_id = ? AND mail_state IN ('waiting', 'sending') AND mail_due_at <= ?",
            [instant_text(until).into(), user_id.into(), instant_text(now).into()],
        )
        // Many are due in the same second: to sort them by more would be to read them all.
        .limited_for_all("ORDER BY mail_due_at", TAKEN)
        .then(
            ") AND mail_due_at <= ? RETURNING id, user_id, case_kind, case_id, case_no, order_no, sentences, created_at, read_at, mail_attempts",
            [instant_text(now).into()],
        )
}

/// Takes the mail that is due to one person out of the box: notices of theirs that are due by now. Notices whose
/// sender vanished while sending are taken again after `until`; their Message-ID stays the same.
///
/// # Errors
/// The database's own.
pub async fn take_due(conn: &mut Conn, now: Timestamp, until: Timestamp) -> Result<Vec<Notice>, sqlx::Error> {
    along_indexes(conn).await?;
    let first: Vec<(String,)> = next_reader_query(now).fetch(conn).await?;
    let Some((user_id,)) = first.first() else { return Ok(Vec::new()) };
    let mut rows: Vec<NoticeRow> = take_query(user_id, now, until).fetch(conn).await?;
    rows.sort_by(|one, other| (&one.created_at, &one.id).cmp(&(&other.created_at, &other.id)));
    rows.into_iter().map(NoticeRow::notice).collect()
}

/// Notes that a mail went out.
///
/// # Errors
/// The database's own.
pub async fn mark_mailed(conn: &mut Conn, ids: &[String]) -> Result<(), sqlx::Error> {
    if ids.is_empty() {
        return Ok(());
    }
    Select::new("UPDATE notices SET mail_state = 'sent'").and_in("id", cells(ids)).execute(conn).await
}

/// Gives taken notices back whose mails were not tried: they are due now.
///
/// # Errors
/// The database's own.
pub async fn give_back(conn: &mut Conn, ids: &[String], now: Timestamp) -> Result<(), sqlx::Error> {
    if ids.is_empty() {
        return Ok(());
    }
    Select::new("UPDATE notices")
        .then("SET mail_state = 'waiting', mail_attempts = mail_attempts - 1, mail_due_at = ?", [instant_text(now).into()])
        .and_in("id", cells(ids))
        .execute(conn)
        .await
}

/// Notes that nobody wants to be told by mail any more.
///
/// # Errors
/// The database's own.
pub async fn mark_unwanted(conn: &mut Conn, ids: &[String]) -> Result<(), sqlx::Error> {
    Select::new("UPDATE notices SET mail_state = 'none'").and_in("id", cells(ids)).execute(conn).await
}

/// Notes that a mail did not go out: it is tried again at `next`, or given up after `attempts`.
///
/// # Errors
/// The database's own.
pub async fn mark_unmailed(conn: &mut Conn, ids: &[String], next: Timestamp, attempts: i64) -> Result<(), sqlx::Error> {
    Select::new("UPDATE notices")
        .then(
            "SET mail_due_at = ?, mail_state = CASE WHEN mail_attempts >= ? THEN 'failed' ELSE 'waiting' END",
            [instant_text(next).into(), attempts.into()],
        )
        .and_in("id", cells(ids))
        .execute(conn)
        .await
}

fn cells(ids: &[String]) -> impl Iterator<Item = Value> {
    ids.iter().map(|id| id.as_str().into())
}

/// Takes what happened before a time as read, and nothing that is there as to be mailed: a house that is furnished has
/// told its people already.
///
/// # Errors
/// The database's own.
pub async fn settle_before(conn: &mut Conn, before: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE notices SET mail_state = 'none'").execute(&mut *conn).await?;
    sqlx::query("UPDATE notices SET read_at = created_at WHERE created_at < $1").bind(instant_text(before)).execute(conn).await?;
    Ok(())
}

/// Forgets notices of long ago.
///
/// # Errors
/// The database's own.
pub async fn forget(conn: &mut Conn, before: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM notices WHERE created_at < $1").bind(instant_text(before)).execute(conn).await?;
    Ok(())
}
