//! The import: a draft becomes a remittance, its money stands in the books as unallocated, and every line is compared
//! with the refunds that wait. One transaction; the same file or the same lines again change nothing.

use std::collections::BTreeMap;

use super::drafts::{self, Draft};
use super::line_store;
use super::mapping::{Field, Mapping, Read};
use super::model::{Finding, Line, LineStatus, Rejection};
use super::{proposing, store};
use crate::db::rows::{self, Table};
use crate::db::{Conn, Db, numbers};
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::Actor;
use crate::kernel::id::{digest, new_id};
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Timestamp, instant_text, utc_day};
use crate::ledger::posting::{self, About, Account, Case, LedgerError, Leg};
use crate::ledger::{AccountKind, TransferKind};
use crate::spreadsheets::cell::Row;
use crate::web::words::Message;

/// The owner's word of the account in which lines wait to be matched.
pub const OPEN_LINES: &str = "remittances";

/// Where the airlines' money waits until it is matched.
#[must_use]
pub fn open_account() -> Account {
    Account::of(AccountKind::Unallocated, OPEN_LINES)
}

/// What became of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Imported(String),
    /// The same file was imported before, under this number.
    There(String),
}

/// What somebody says of a draft that they import.
#[derive(Debug, Clone, Default)]
pub struct Said {
    pub mapping: Mapping,
    /// The lines are those of an earlier file, and yet they are other payments.
    pub other_payments: bool,
}

/// Why a draft was not imported.
#[derive(Debug)]
pub enum NotImported {
    Absent,
    /// The columns do not fit the file.
    Mapping(Message),
    /// So many lines may hold money that cannot be read: left out, it could never be matched.
    Unreadable(usize),
    /// Another file, with this number, has the very same lines.
    Alike(String),
    Ledger(LedgerError),
    Database(sqlx::Error),
}

impl From<sqlx::Error> for NotImported {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// What a draft would become: its lines as they are read, or which field of them cannot be.
#[must_use]
pub fn preview(draft: &Draft) -> Vec<(&Row, Result<Read, Field>)> {
    draft.table.rows.iter().map(|row| (row, draft.mapping.read(&draft.table.header, row))).collect()
}

/// The sums of what would be matched, per currency.
#[must_use]
pub fn sums(read: &[(&Row, Result<Read, Field>)]) -> Vec<(i64, Money)> {
    let mut all: BTreeMap<Currency, (i64, i64)> = BTreeMap::new();
    for read in read.iter().filter_map(|(_, read)| read.as_ref().ok()).filter(|read| read.amount.minor > 0) {
        let sum = all.entry(read.amount.currency).or_default();
        *sum = (sum.0 + 1, sum.1.saturating_add(read.amount.minor));
    }
    all.into_iter().map(|(currency, (count, minor))| (count, Money::new(minor, currency))).collect()
}

/// Lines that one comparison takes together.
const CHUNK: usize = 256;

/// The lines of a draft that cannot be read and may hold money.
#[must_use]
pub fn damaged<'a>(draft: &Draft, read: &[(&'a Row, Result<Read, Field>)]) -> Vec<&'a Row> {
    let is_damaged = |row: &Row| draft.mapping.may_hold_money(&draft.table.header, row);
    read.iter().filter(|(row, read)| read.is_err() && is_damaged(row)).map(|(row, _)| *row).collect()
}

/// Imports a draft and keeps how its source's files are read. A draft becomes one remittance, however often the button is
/// pressed.
///
/// # Errors
/// Why it was not imported; then nothing is.
pub async fn import(db: &Db, actor: Actor, draft_id: String, said: Said, now: Timestamp) -> Result<Outcome, NotImported> {
    db.write(move |conn| Box::pin(async move { import_in(conn, &actor, &draft_id, said, now).await })).await
}

async fn import_in(conn: &mut Conn, actor: &Actor, draft_id: &str, said: Said, now: Timestamp) -> Result<Outcome, NotImported> {
    let Some(draft) = drafts::find(conn, draft_id).await? else {
        // The remittance of a draft has its id.
        let before = store::by_id(conn, draft_id).await?.ok_or(NotImported::Absent)?;
        return Ok(Outcome::Imported(before.number));
    };
    let draft = Draft { mapping: said.mapping, ..draft };
    draft.mapping.check(&draft.table.header).map_err(NotImported::Mapping)?;
    let read = preview(&draft);
    let damaged = damaged(&draft, &read).len();
    if damaged > 0 {
        return Err(NotImported::Unreadable(damaged));
    }
    if let Some(there) = store::of_file(conn, &draft.file_digest).await? {
        return Ok(Outcome::There(there.number));
    }
    let mut content_digest = digest_of(&read);
    if let Some(there) = store::of_lines(conn, &content_digest).await? {
        if !said.other_payments {
            return Err(NotImported::Alike(there.number));
        }
        content_digest = digest(&format!("{content_digest} {}", draft.file_digest));
    }
    let source_id = drafts::save_source(conn, &new_id(), &draft.source_name, &draft.mapping, &actor.user_id, now).await?;
    let month = utc_day(now).strftime("%Y%m").to_string();
    let (id, number) = (draft.id.clone(), format!("RM-{}", numbers::next(conn, "remittance", &month).await?));
    let mut lines: Vec<Line> = (1i64..).zip(&read).map(|(row_no, (row, read))| line(&id, row_no, row, read, &draft, actor, now)).collect();
    insert(conn, &id, &number, &source_id, &draft, &content_digest, lines.len(), actor, now).await?;
    for some in lines.chunks_mut(CHUNK) {
        proposing::propose(conn, some).await?;
    }
    line_store::insert_lines(conn, &lines).await?;
    // The accounts come last: nobody else's money waits for the comparison.
    post_money(conn, &id, &number, &lines, actor, now).await?;
    drafts::forget(conn, draft_id).await?;
    let details = serde_json::json!({ "file": draft.file_name, "lines": lines.len() });
    journal::write(conn, Subject::Remittance, &id, "imported", &Author::from(actor), &details, now).await?;
    Ok(Outcome::Imported(number))
}

/// The lines as they are read: the same lines in another file have the same.
fn digest_of(read: &[(&Row, Result<Read, Field>)]) -> String {
    let lines: Vec<String> = read.iter().filter_map(|(_, read)| read.as_ref().ok()).map(|read| format!("{read:?}")).collect();
    digest(&lines.join("\n"))
}

fn line(remittance_id: &str, row_no: i64, row: &Row, read: &Result<Read, Field>, draft: &Draft, actor: &Actor, now: Timestamp) -> Line {
    let fallback = Currency::parse(&draft.mapping.currency).unwrap_or(Currency::USD);
    let nothing = Read {
        amount: Money::zero(fallback),
        paid_on: None,
        reference: String::new(),
        refund_no: String::new(),
        order_no: String::new(),
        pnr: String::new(),
        ticket: String::new(),
        passenger: String::new(),
    };
    let read = read.as_ref().unwrap_or(&nothing).clone();
    let is_money = read.amount.minor > 0;
    let zero = Money::zero(read.amount.currency);
    Line {
        id: new_id(),
        remittance_id: remittance_id.to_owned(),
        row_no,
        line: row.line,
        cells: row.cells.clone(),
        matched: zero,
        rejected: if is_money { zero } else { read.amount },
        paid_on: read.paid_on.unwrap_or_else(|| utc_day(now)),
        reference: read.reference,
        refund_no: read.refund_no,
        order_no: read.order_no,
        pnr: read.pnr,
        ticket: read.ticket,
        passenger: read.passenger,
        status: if is_money { LineStatus::Unmatched } else { LineStatus::Rejected },
        finding: if is_money { Finding::Unknown } else { Finding::NoAmount },
        proposals: Vec::new(),
        rejection: (!is_money).then_some(Rejection::NoAmount),
        owner_id: actor.user_id.clone(),
        owner_name: actor.name.clone(),
        version: 1,
        created_at: now,
        amount: read.amount,
    }
}

#[allow(clippy::too_many_arguments, reason = "the columns of one row")]
async fn insert(
    conn: &mut Conn,
    id: &str,
    number: &str,
    source_id: &str,
    draft: &Draft,
    content_digest: &str,
    line_count: usize,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    const TABLE: Table = Table {
        name: "remittances",
        columns: &[
            "id",
            "number",
            "source_id",
            "source_name",
            "file_name",
            "file_digest",
            "content_digest",
            "line_count",
            "taken_until",
            "created_by",
            "created_by_name",
            "created_at",
        ],
        suffix: "",
    };
    let row = vec![
        id.into(),
        number.into(),
        source_id.into(),
        draft.source_name.as_str().into(),
        draft.file_name.as_str().into(),
        draft.file_digest.as_str().into(),
        content_digest.into(),
        i64::try_from(line_count).unwrap_or(i64::MAX).into(),
        instant_text(now).into(),
        actor.user_id.as_str().into(),
        actor.name.as_str().into(),
        instant_text(now).into(),
    ];
    rows::insert(conn, TABLE, vec![row]).await
}

/// What came is in the bank: it waits, unallocated, until its lines are matched. One transfer per currency.
async fn post_money(conn: &mut Conn, id: &str, number: &str, lines: &[Line], actor: &Actor, now: Timestamp) -> Result<(), NotImported> {
    const TOTALS: Table = Table {
        name: "remittance_totals",
        columns: &["remittance_id", "currency", "file_minor", "matched_minor", "rejected_minor"],
        suffix: "",
    };
    // Money in, and what the file says beside it: charges and lines without an amount count as rejected from the start.
    let mut all: BTreeMap<Currency, (i64, i64)> = BTreeMap::new();
    for line in lines {
        let sums = all.entry(line.currency()).or_default();
        *sums = (sums.0 + line.amount.minor, sums.1 + line.rejected.minor);
    }
    let row = |(currency, (file, rejected)): (&Currency, &(i64, i64))| {
        vec![id.into(), currency.code().into(), (*file).into(), 0.into(), (*rejected).into()]
    };
    rows::insert(conn, TOTALS, all.iter().map(row)).await?;
    for (currency, (file, rejected)) in &all {
        let case_id = format!("{id}:{currency}");
        let case = Case { kind: "remittance", id: &case_id, no: number };
        let leg = Leg {
            debit: Account::own(AccountKind::AirlineCash),
            credit: open_account(),
            amount: Money::new(file - rejected, *currency),
            kind: TransferKind::Remittance,
        };
        let about = About { refund: None, case: Some(case), round: 0, actor_id: &actor.user_id, now };
        posting::post(conn, &[leg], about).await.map_err(NotImported::Ledger)?;
    }
    Ok(())
}
