//! Lines that are no refund's money, and who looks after a line.

use super::importing::open_account;
use super::line_store;
use super::matching::{NotMatched, about_line, post_about_line};
use super::model::{Line, Rejection};
use super::store;
use crate::agencies::store as agencies;
use crate::db::{Conn, Db};
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::Actor;
use crate::kernel::money::Money;
use crate::kernel::time::Timestamp;
use crate::ledger::posting::{Account, Leg};
use crate::ledger::{AccountKind, TransferKind};

/// A line as somebody saw it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub actor: Actor,
    pub remittance_no: String,
    pub row_no: i64,
    pub version: i64,
}

async fn seen(conn: &mut Conn, seen: &Seen) -> Result<Line, NotMatched> {
    let remittance = store::find(conn, &seen.remittance_no).await?.ok_or(NotMatched::Absent)?;
    let line = line_store::line(conn, &remittance.id, seen.row_no).await?.ok_or(NotMatched::Absent)?;
    if line.version == seen.version { Ok(line) } else { Err(NotMatched::Overtaken) }
}

/// Rejects what is open of a line: it goes back to where the airlines' money came in, and counts as rejected.
///
/// # Errors
/// `Absent`, `Overtaken`, or the ledger's own.
pub async fn reject(db: &Db, who: Seen, rejection: Rejection, now: Timestamp) -> Result<(), NotMatched> {
    db.write(move |conn| {
        Box::pin(async move {
            let line = seen(conn, &who).await?;
            let open = line.open();
            if !line.is_open() || open.minor <= 0 {
                return Err(NotMatched::Overtaken);
            }
            let rejected = Money::new(line.rejected.minor + open.minor, line.currency());
            let mut after = Line { rejected, rejection: Some(rejection), proposals: Vec::new(), ..line.clone() };
            after.status = after.settled_status();
            if !line_store::save_line(conn, &after).await? {
                return Err(NotMatched::Overtaken);
            }
            store::shift_totals(conn, &line, 0, open.minor).await?;
            let case_id = format!("{}:{}", line.id, line.version);
            let leg = Leg {
                debit: open_account(),
                credit: Account::own(AccountKind::AirlineCash),
                amount: open,
                kind: TransferKind::RemittanceRejected,
            };
            post_about_line(conn, leg, about_line(&case_id, &who.remittance_no, &who.actor, now)).await?;
            tell(conn, &line, "rejected", &serde_json::json!({ "amount": open, "why": rejection.word() }), &who.actor, now).await
        })
    })
    .await
}

/// Opens what was rejected of a line again: it is money after all.
///
/// # Errors
/// `Absent`, `Overtaken`, or the ledger's own.
pub async fn reopen(db: &Db, who: Seen, now: Timestamp) -> Result<(), NotMatched> {
    db.write(move |conn| {
        Box::pin(async move {
            let line = seen(conn, &who).await?;
            let back = line.rejected;
            if line.amount.minor <= 0 || back.minor <= 0 {
                return Err(NotMatched::Overtaken);
            }
            let mut after = Line { rejected: Money::zero(line.currency()), rejection: None, ..line.clone() };
            after.status = after.settled_status();
            if !line_store::save_line(conn, &after).await? {
                return Err(NotMatched::Overtaken);
            }
            store::shift_totals(conn, &line, 0, -back.minor).await?;
            let case_id = format!("{}:{}", line.id, line.version);
            let leg =
                Leg { debit: Account::own(AccountKind::AirlineCash), credit: open_account(), amount: back, kind: TransferKind::Remittance };
            post_about_line(conn, leg, about_line(&case_id, &who.remittance_no, &who.actor, now)).await?;
            tell(conn, &line, "reopened", &serde_json::json!({ "amount": back }), &who.actor, now).await
        })
    })
    .await
}

/// Gives a line to somebody of the team.
///
/// # Errors
/// `Absent` when line or person are not there, `Overtaken`.
pub async fn hand_over(db: &Db, who: Seen, to: String, now: Timestamp) -> Result<(), NotMatched> {
    db.write(move |conn| {
        Box::pin(async move {
            let line = seen(conn, &who).await?;
            let user =
                agencies::user(conn, &to).await?.filter(|user| user.role.is_operator() && !user.disabled).ok_or(NotMatched::Absent)?;
            let after = Line { owner_id: user.id, owner_name: user.name.clone(), ..line.clone() };
            if !line_store::save_line(conn, &after).await? {
                return Err(NotMatched::Overtaken);
            }
            tell(conn, &line, "handed-over", &serde_json::json!({ "to": user.name }), &who.actor, now).await
        })
    })
    .await
}

async fn tell(
    conn: &mut Conn,
    line: &Line,
    happened: &str,
    details: &serde_json::Value,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), NotMatched> {
    Ok(journal::write(conn, Subject::Remittance, &line.id, happened, &Author::from(actor), details, now).await?)
}
