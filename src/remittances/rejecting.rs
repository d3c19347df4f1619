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
use crate::web::once::{self, Earlier};

/// A line as somebody saw it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub actor: Actor,
    pub remittance_no: String,
    pub row_no: i64,
    pub version: i64,
    pub once_key: String,
}

impl Seen {
    /// What the form's one-time key is for.
    fn asked(&self, what: &str) -> String {
        format!("{what} {} {}", self.remittance_no, self.row_no)
    }

    /// The line as it was seen; nothing when the same form did its work before.
    async fn line(&self, conn: &mut Conn, what: &str) -> Result<Option<Line>, NotMatched> {
        let remittance = store::find(conn, &self.remittance_no).await?.ok_or(NotMatched::Absent)?;
        let line = line_store::line(conn, &remittance.id, self.row_no).await?.ok_or(NotMatched::Absent)?;
        match once::recall(conn, &self.actor.user_id, &self.once_key, &self.asked(what)).await? {
            Earlier::Same(_) => return Ok(None),
            Earlier::Different => return Err(NotMatched::KeyReused),
            Earlier::Nothing => {}
        }
        if line.version == self.version { Ok(Some(line)) } else { Err(NotMatched::Overtaken) }
    }

    /// Keeps the line, if nobody else changed it meanwhile, and that this form did it. The same form twice at once: the
    /// second waits here for the first.
    async fn save(&self, conn: &mut Conn, after: &Line, what: &str, now: Timestamp) -> Result<bool, NotMatched> {
        if line_store::save_line(conn, after).await? {
            once::remember(conn, &self.actor.user_id, &self.once_key, &self.asked(what), "", now).await?;
            return Ok(true);
        }
        match once::recall(conn, &self.actor.user_id, &self.once_key, &self.asked(what)).await? {
            Earlier::Same(_) => Ok(false),
            Earlier::Nothing | Earlier::Different => Err(NotMatched::Overtaken),
        }
    }
}

/// Rejects what is open of a line: it goes back to where the airlines' money came in, and counts as rejected.
///
/// # Errors
/// `Absent`, `Overtaken`, or the ledger's own.
pub async fn reject(db: &Db, who: Seen, rejection: Rejection, now: Timestamp) -> Result<(), NotMatched> {
    db.write(move |conn| {
        Box::pin(async move {
            let Some(line) = who.line(conn, "rejection").await? else { return Ok(()) };
            let open = line.open();
            if !line.is_open() || open.minor <= 0 {
                return Err(NotMatched::Overtaken);
            }
            let rejected = Money::new(line.rejected.minor + open.minor, line.currency());
            let mut after = Line { rejected, rejection: Some(rejection), proposals: Vec::new(), ..line.clone() };
            after.status = after.settled_status();
            if !who.save(conn, &after, "rejection", now).await? {
                return Ok(());
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
            let Some(line) = who.line(conn, "reopening").await? else { return Ok(()) };
            let back = line.rejected;
            if line.amount.minor <= 0 || back.minor <= 0 {
                return Err(NotMatched::Overtaken);
            }
            let mut after = Line { rejected: Money::zero(line.currency()), rejection: None, ..line.clone() };
            after.status = after.settled_status();
            if !who.save(conn, &after, "reopening", now).await? {
                return Ok(());
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
            let Some(line) = who.line(conn, "owner").await? else { return Ok(()) };
            let user =
                agencies::user(conn, &to).await?.filter(|user| user.role.is_operator() && !user.disabled).ok_or(NotMatched::Absent)?;
            let after = Line { owner_id: user.id, owner_name: user.name.clone(), ..line.clone() };
            if !who.save(conn, &after, "owner", now).await? {
                return Ok(());
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
