//! What people do with a batch: begin it with a file, confirm it, discard it.

use std::collections::HashSet;

use super::model::{Batch, BatchKind, BatchRow, Counts, RowStatus, Status};
use super::{judging, row_store, store};
use crate::attachments::store::{self as attachments, Home};
use crate::db::{Db, numbers};
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::Actor;
use crate::kernel::id::{digest, new_id};
use crate::kernel::time::{Date, Timestamp, utc_day};
use crate::refunds::model::Reason;
use crate::spreadsheets::cell::Cell;
use crate::web::once::{self, Earlier};

/// A file on its way in.
#[derive(Debug, Clone)]
pub struct Beginning {
    pub actor: Actor,
    pub kind: BatchKind,
    pub file_name: String,
    pub file_digest: String,
    /// The name under which the file lies until it is read.
    pub stored_as: String,
    pub encoding: Option<String>,
    pub reason: Option<Reason>,
    pub fulfilled_on: Option<Date>,
    /// Drafts that prove what the airline confirmed.
    pub proof: Vec<String>,
    pub once_key: String,
}

/// Why a verb was not done. Nothing was changed then.
#[derive(Debug)]
pub enum NotDone {
    Absent,
    /// Not from this status any more.
    Overtaken,
    /// The same form again: here is its first answer.
    Again(String),
    /// The proof's files were kept too long ago.
    ProofGone,
    KeyReused,
    Database(sqlx::Error),
}

impl From<sqlx::Error> for NotDone {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// Begins a batch; it is read and checked in the background. The same form again gets the first answer.
///
/// # Errors
/// `Again`, `ProofGone`, `KeyReused`, or the database's own; the file is nobody's then.
pub async fn begin(db: &Db, beginning: Beginning, now: Timestamp) -> Result<String, NotDone> {
    db.write(move |conn| {
        Box::pin(async move {
            let actor = &beginning.actor;
            let request = format!("batch {} {}", beginning.kind, beginning.file_digest);
            match once::recall(conn, &actor.user_id, &beginning.once_key, &request).await? {
                Earlier::Same(number) => return Err(NotDone::Again(number)),
                Earlier::Different => return Err(NotDone::KeyReused),
                Earlier::Nothing => {}
            }
            let batch = Batch {
                stored_as: Some(beginning.stored_as.clone()),
                encoding: beginning.encoding.clone(),
                reason: beginning.reason,
                fulfilled_on: beginning.fulfilled_on,
                file_digest: beginning.file_digest.clone(),
                ..new(conn, actor, beginning.kind, &beginning.file_name, now).await?
            };
            store::insert(conn, &batch, now).await?;
            let home = Home { case_kind: "batch", case_id: &batch.id, agency_id: actor.agency_id.as_deref().unwrap_or_default() };
            if attachments::bind(conn, &beginning.proof, &actor.user_id, home, None, false).await? < beginning.proof.len() {
                return Err(NotDone::ProofGone);
            }
            let details = serde_json::json!({ "file": batch.file_name });
            journal::write(conn, Subject::Batch, &batch.id, "uploaded", &Author::from(actor), &details, now).await?;
            once::remember(conn, &actor.user_id, &beginning.once_key, &request, &batch.number, now).await?;
            Ok(batch.number)
        })
    })
    .await
}

/// Begins a search of pasted order numbers: there is no file to be read.
///
/// # Errors
/// The database's own.
pub async fn begin_pasted(db: &Db, actor: Actor, orders: Vec<String>, now: Timestamp) -> Result<String, NotDone> {
    db.write(move |conn| {
        Box::pin(async move {
            // The same order in another spelling is the same order.
            let mut seen = HashSet::new();
            let all = (1..).zip(&orders).map(|(line, text)| pasted_row(line, text));
            let all = all.filter(|row| row.order_no.is_empty() || seen.insert(row.order_no.clone()));
            let all: Vec<BatchRow> = (1..).zip(all).map(|(row_no, row)| BatchRow { row_no, ..row }).collect();
            let count = |rows: usize| i64::try_from(rows).unwrap_or(i64::MAX);
            let refused = all.iter().filter(|row| row.status == RowStatus::Refused).count();
            let batch = Batch {
                status: Status::Checking,
                header: vec!["order_no".to_owned()],
                counts: Counts { rows: count(all.len()), refused: count(refused), ..Counts::default() },
                file_digest: digest(&orders.join("\n")),
                ..new(conn, &actor, BatchKind::Search, "", now).await?
            };
            store::insert(conn, &batch, now).await?;
            row_store::insert_rows(conn, &batch.id, &all).await?;
            Ok(batch.number)
        })
    })
    .await
}

fn pasted_row(line: i64, text: &str) -> BatchRow {
    let cell = Cell::text(text);
    let order_no = judging::order_number(&cell);
    let refused = order_no.as_ref().err().cloned();
    BatchRow {
        row_no: line,
        line,
        cells: vec![cell],
        status: if refused.is_some() { RowStatus::Refused } else { RowStatus::Unchecked },
        code: refused.as_ref().map(|refused| refused.code),
        message: refused.map(|refused| refused.message),
        order_no: order_no.unwrap_or_default(),
        amount: None,
    }
}

async fn new(conn: &mut crate::db::Conn, actor: &Actor, kind: BatchKind, file_name: &str, now: Timestamp) -> Result<Batch, sqlx::Error> {
    let number = numbers::next(conn, "batch", &utc_day(now).strftime("%Y%m").to_string()).await?;
    Ok(Batch {
        id: new_id(),
        number: format!("BA-{number}"),
        kind,
        agency_id: actor.agency_id.clone(),
        status: Status::Reading,
        file_name: file_name.to_owned(),
        file_digest: String::new(),
        stored_as: None,
        encoding: None,
        header: Vec::new(),
        reason: None,
        fulfilled_on: None,
        complaint: None,
        counts: Counts::default(),
        version: 1,
        created_by: actor.user_id.clone(),
        created_by_name: actor.name.clone(),
        created_at: now,
        confirmed_by: None,
        confirmed_by_name: None,
        confirmed_at: None,
        finished_at: None,
    })
}

/// Confirms what the preview showed: from here on claims are made of the rows that are ready. A second press changes
/// nothing.
///
/// # Errors
/// `Absent`, `Overtaken`, or the database's own.
pub async fn confirm(db: &Db, actor: Actor, number: String, now: Timestamp) -> Result<(), NotDone> {
    db.write(move |conn| {
        Box::pin(async move {
            let batch = store::find(conn, &actor.scope(), &number).await?.ok_or(NotDone::Absent)?;
            if matches!(batch.status, Status::Posting | Status::Posted) {
                return Ok(());
            }
            if batch.status != Status::Checked || batch.kind != BatchKind::Claims || batch.counts.ready == 0 {
                return Err(NotDone::Overtaken);
            }
            let confirmed = Batch {
                status: Status::Posting,
                counts: Counts { done: 0, ..batch.counts },
                confirmed_by: Some(actor.user_id.clone()),
                confirmed_by_name: Some(actor.name.clone()),
                confirmed_at: Some(now),
                finished_at: None,
                ..batch
            };
            if !store::save(conn, &confirmed, now).await? {
                // Whoever was faster has confirmed it, or has discarded it.
                let now_is = store::of_id(conn, &confirmed.id).await?.map(|batch| batch.status);
                let confirmed = matches!(now_is, Some(Status::Posting | Status::Posted));
                return if confirmed { Ok(()) } else { Err(NotDone::Overtaken) };
            }
            let details = serde_json::json!({ "rows": confirmed.counts.ready });
            Ok(journal::write(conn, Subject::Batch, &confirmed.id, "confirmed", &Author::from(&actor), &details, now).await?)
        })
    })
    .await
}

/// Lays a checked batch aside; nothing was made of it.
///
/// # Errors
/// `Absent`, `Overtaken`, or the database's own.
pub async fn discard(db: &Db, actor: Actor, number: String, now: Timestamp) -> Result<(), NotDone> {
    db.write(move |conn| {
        Box::pin(async move {
            let batch = store::find(conn, &actor.scope(), &number).await?.ok_or(NotDone::Absent)?;
            if batch.status == Status::Discarded {
                return Ok(());
            }
            if batch.status != Status::Checked || batch.kind != BatchKind::Claims {
                return Err(NotDone::Overtaken);
            }
            let discarded = Batch { status: Status::Discarded, finished_at: Some(now), ..batch };
            if !store::save(conn, &discarded, now).await? {
                return Err(NotDone::Overtaken);
            }
            let details = serde_json::json!({});
            Ok(journal::write(conn, Subject::Batch, &discarded.id, "discarded", &Author::from(&actor), &details, now).await?)
        })
    })
    .await
}
