//! What is done with top-ups: each function is one transaction of state, ledger, event and notices.

use super::model::{Status, TopUp};
use super::store;
use crate::agencies::store as agencies;
use crate::attachments::store::{self as attachments, Home};
use crate::db::{Conn, Db, numbers};
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::Actor;
use crate::kernel::id::new_id;
use crate::kernel::money::Money;
use crate::kernel::time::{Date, Timestamp, utc_day};
use crate::ledger::posting::{self, About, Account, Case, LedgerError, Leg};
use crate::ledger::{AccountKind, TransferKind};
use crate::notices::model::{Case as NoticeCase, CaseKind};
use crate::notices::store as notices;
use crate::web::once::{self, Earlier};
use crate::web::words::Message;

/// What an agency declares.
#[derive(Debug, Clone)]
pub struct Declared {
    pub amount: Money,
    pub paid_on: Date,
    pub reference: String,
    /// Drafts that prove the transfer.
    pub proof: Vec<String>,
}

/// Why nothing was done.
#[derive(Debug)]
pub enum NotDone {
    Absent,
    /// Somebody decided it before.
    Overtaken,
    ProofGone,
    /// The same form again: here is its first answer.
    Again(String),
    KeyReused,
    Ledger(LedgerError),
    Database(sqlx::Error),
}

impl From<sqlx::Error> for NotDone {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// Declares a transfer; nothing is credited yet. The same form again gets the first answer.
///
/// # Errors
/// Why not.
pub async fn declare(db: &Db, actor: Actor, declared: Declared, once_key: String, now: Timestamp) -> Result<String, NotDone> {
    let done = db.write(move |conn| {
        Box::pin(async move {
            let agency_id = actor.agency_id.clone().ok_or(NotDone::Absent)?;
            let asked = format!("top-up {:?} {} {}", declared.amount, declared.paid_on, declared.reference);
            // Whoever comes second waits here for the first, and then finds its answer.
            let number = numbers::next(conn, "top-up", &utc_day(now).strftime("%Y%m").to_string()).await?;
            match once::recall(conn, &actor.user_id, &once_key, &asked).await? {
                Earlier::Same(number) => return Err(NotDone::Again(number)),
                Earlier::Different => return Err(NotDone::KeyReused),
                Earlier::Nothing => {}
            }
            let new = TopUp {
                id: new_id(),
                number: format!("TU-{number}"),
                agency_id,
                status: Status::Declared,
                declared: declared.amount,
                received: None,
                paid_on: declared.paid_on,
                reference: declared.reference,
                note: None,
                version: 1,
                declared_by_name: actor.name.clone(),
                declared_at: now,
                decided_by_name: None,
                decided_at: None,
            };
            store::insert(conn, &new).await?;
            let home = Home { case_kind: "top-up", case_id: &new.id, agency_id: &new.agency_id };
            if attachments::bind(conn, &declared.proof, &actor.user_id, home, None, false).await? < declared.proof.len() {
                return Err(NotDone::ProofGone);
            }
            let details = serde_json::json!({ "amount": new.declared });
            journal::write(conn, Subject::TopUp, &new.id, "declared", &Author::from(&actor), &details, now).await?;
            let team = agencies::money_audience(conn, "").await?;
            let said = Message::new("notice-top-up-declared")
                .text("agency", actor.agency_name.as_deref().unwrap_or_default())
                .money("amount", new.declared)
                .text("day", new.paid_on);
            notices::post(conn, &team, &notice_case(&new), &[said], now).await?;
            once::remember(conn, &actor.user_id, &once_key, &asked, &new.number, now).await?;
            Ok(new.number)
        })
    });
    match done.await {
        // The number that was drawn for nothing goes back with the transaction.
        Err(NotDone::Again(number)) => Ok(number),
        done => done,
    }
}

/// A decision of the operator's Finance.
#[derive(Debug, Clone)]
pub struct Decision {
    pub actor: Actor,
    pub number: String,
    pub seen_version: i64,
    /// What came, less the banks' charges; nothing refuses it.
    pub received: Option<Money>,
    pub note: Option<String>,
}

/// Confirms what came, which is credited at once; or refuses. A second press of the same button changes nothing.
///
/// # Errors
/// Why not.
pub async fn decide(db: &Db, decision: Decision, now: Timestamp) -> Result<(), NotDone> {
    db.write(move |conn| Box::pin(async move { decide_in(conn, &decision, now).await })).await
}

async fn decide_in(conn: &mut Conn, decision: &Decision, now: Timestamp) -> Result<(), NotDone> {
    let top_up = store::find(conn, &decision.number).await?.ok_or(NotDone::Absent)?;
    let to = if decision.received.is_some() { Status::Confirmed } else { Status::Refused };
    if top_up.status == to && top_up.received == decision.received && top_up.version.checked_sub(1) == Some(decision.seen_version) {
        return Ok(());
    }
    if top_up.version != decision.seen_version {
        return Err(NotDone::Overtaken);
    }
    let actor = &decision.actor;
    if !store::decide(conn, &top_up, (to, decision.received), decision.note.as_deref(), &actor.name, now).await? {
        return Err(NotDone::Overtaken);
    }
    if let Some(received) = decision.received {
        let case = Case { kind: "top-up", id: &top_up.id, no: &top_up.number };
        let leg = Leg {
            debit: Account::own(AccountKind::TopUpSource),
            credit: Account::of(AccountKind::Deposit, &top_up.agency_id),
            amount: received,
            kind: TransferKind::TopUp,
        };
        let about = About { refund: None, case: Some(case), round: 0, actor_id: &actor.user_id, now };
        posting::post(conn, &[leg], about).await.map_err(NotDone::Ledger)?;
    }
    let happened = if to == Status::Confirmed { "confirmed" } else { "refused" };
    let details = serde_json::json!({ "received": decision.received, "note": decision.note });
    journal::write(conn, Subject::TopUp, &top_up.id, happened, &Author::from(actor), &details, now).await?;
    let mut said = vec![match decision.received {
        Some(received) => Message::new("notice-top-up-confirmed").money("amount", received).text("number", &top_up.number),
        None => Message::new("notice-top-up-refused").money("amount", top_up.declared).text("number", &top_up.number),
    }];
    said.extend(decision.note.as_ref().map(|note| Message::new("event-note").text("note", note)));
    let people = agencies::finance_audience(conn, &top_up.agency_id).await?;
    Ok(notices::post(conn, &people, &notice_case(&top_up), &said, now).await?)
}

fn notice_case(top_up: &TopUp) -> NoticeCase {
    NoticeCase { kind: CaseKind::TopUp, id: top_up.id.clone(), no: top_up.number.clone(), order_no: String::new() }
}
