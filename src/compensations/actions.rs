//! What is done with compensations: each function is one transaction of state, ledger, event and notices.

use rust_decimal::Decimal;

use super::forms::Proposed;
use super::model::{Compensation, Status};
use super::store;
use crate::agencies::model::Agency;
use crate::agencies::store as agencies;
use crate::bookings::store as bookings;
use crate::config::Limits;
use crate::db::{Conn, Db, numbers};
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::{Actor, Scope};
use crate::kernel::id::new_id;
use crate::kernel::money::Money;
use crate::kernel::time::{Timestamp, plus_days, utc_day};
use crate::ledger::posting::{self, About, Account, Case, LedgerError, Leg};
use crate::ledger::{AccountKind, TransferKind};
use crate::notices;
use crate::notices::model::CaseKind;
use crate::rates;
use crate::web::once::{self, Earlier};
use crate::web::words::{Message, Named};

/// Why nothing was done.
#[derive(Debug)]
pub enum NotDone {
    Absent,
    /// There is no such order of this agency.
    UnknownOrder,
    /// Who proposed it cannot decide about it alone.
    NeedsSecond,
    /// Somebody decided it before.
    Overtaken,
    KeyReused,
    Ledger(LedgerError),
    Database(sqlx::Error),
}

impl From<sqlx::Error> for NotDone {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<LedgerError> for NotDone {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

/// Proposes a compensation; up to the limit it is credited at once.
///
/// # Errors
/// Why not.
pub async fn propose(
    db: &Db,
    actor: Actor,
    agency: Agency,
    proposed: Proposed,
    once_key: String,
    limits: &Limits,
    now: Timestamp,
) -> Result<Compensation, NotDone> {
    let limits = limits.clone();
    db.write(move |conn| Box::pin(async move { propose_in(conn, &actor, &agency, proposed, &once_key, &limits, now).await })).await
}

async fn propose_in(
    conn: &mut Conn,
    actor: &Actor,
    agency: &Agency,
    proposed: Proposed,
    once_key: &str,
    limits: &Limits,
    now: Timestamp,
) -> Result<Compensation, NotDone> {
    let asked = format!("compensation {} {proposed:?}", agency.id);
    // Whoever comes second waits here for the first: for its number, its key, and what it gave.
    let number = numbers::next(conn, "compensation", &utc_day(now).strftime("%Y%m").to_string()).await?;
    match once::recall(conn, &actor.user_id, once_key, &asked).await? {
        Earlier::Same(number) => return store::find(conn, &number).await?.ok_or(NotDone::Absent),
        Earlier::Different => return Err(NotDone::KeyReused),
        Earlier::Nothing => {}
    }
    let kept = match &proposed.order_no {
        Some(order_no) => Some(bookings::find(conn, &Scope::Agency(agency.id.clone()), order_no).await?.ok_or(NotDone::UnknownOrder)?),
        None => None,
    };
    let new = Compensation {
        id: new_id(),
        number: format!("CO-{number}"),
        agency_id: agency.id.clone(),
        order_id: kept.as_ref().map(|kept| kept.id.clone()),
        order_no: kept.map(|kept| kept.booking.order_no),
        cause: proposed.cause,
        note: proposed.note,
        status: Status::Proposed,
        amount: proposed.amount,
        needs_second: needs_second(conn, actor, &agency.id, proposed.amount, limits, now).await?,
        version: 1,
        proposed_by: actor.user_id.clone(),
        proposed_by_name: actor.name.clone(),
        proposed_at: now,
        decided_by: None,
        decided_by_name: None,
        decided_at: None,
        decision_note: None,
    };
    store::insert(conn, &new).await?;
    let details = serde_json::json!({ "version": 1, "amount": new.amount });
    journal::write(conn, Subject::Compensation, &new.id, "compensation-proposed", &Author::from(actor), &details, now).await?;
    if new.needs_second {
        let recipients = agencies::money_audience(conn, &actor.user_id).await?;
        let waits =
            Message::new("notice-compensation-waits").money("amount", new.amount).text("name", &actor.name).text("agency", &agency.name);
        let sentences = [waits, Message::new("event-note").text("note", &new.note)];
        notices::store::post(conn, &recipients, &notice_case(&new), &sentences, now).await?;
    } else {
        credit(conn, &new, actor, None, now).await?;
    }
    once::remember(conn, &actor.user_id, once_key, &asked, &new.number, now).await?;
    store::find(conn, &new.number).await?.ok_or(NotDone::Absent)
}

/// Whether an amount, with what the same person gave this agency alone before, is above what one person may give. What
/// cannot be converted is.
async fn needs_second(
    conn: &mut Conn,
    actor: &Actor,
    agency_id: &str,
    amount: Money,
    limits: &Limits,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let since = plus_days(now, -limits.compensation_days);
    let mut given = store::given_alone(conn, &actor.user_id, agency_id, since).await?;
    given.push(amount);
    let mut sum = Decimal::ZERO;
    for one in given {
        match worth(conn, one, limits, now).await?.and_then(|worth| sum.checked_add(worth)) {
            Some(more) => sum = more,
            None => return Ok(true),
        }
    }
    Ok(sum > limits.compensation_alone_up_to.decimal())
}

/// What an amount is worth in the currency of the limit, where a rate is known.
async fn worth(conn: &mut Conn, amount: Money, limits: &Limits, now: Timestamp) -> Result<Option<Decimal>, sqlx::Error> {
    let to = limits.compensation_alone_up_to.currency;
    if amount.currency == to {
        return Ok(Some(amount.decimal()));
    }
    let day = utc_day(now);
    let oldest = day.checked_sub(jiff::Span::new().days(limits.rate_max_age_days)).unwrap_or(day);
    let Some(found) = rates::find(conn, amount.currency, to, day, oldest).await? else { return Ok(None) };
    let straight = found.from == amount.currency;
    Ok(if straight { amount.decimal().checked_mul(found.rate) } else { amount.decimal().checked_div(found.rate) })
}

/// A decision about what needs two.
#[derive(Debug, Clone)]
pub struct Decision {
    pub actor: Actor,
    pub number: String,
    pub seen_version: i64,
    pub approve: bool,
    pub note: Option<String>,
}

/// Decides.
///
/// # Errors
/// Why not.
pub async fn decide(db: &Db, decision: Decision, now: Timestamp) -> Result<(), NotDone> {
    db.write(move |conn| {
        Box::pin(async move {
            let found = store::find(conn, &decision.number).await?.ok_or(NotDone::Absent)?;
            if found.version != decision.seen_version || found.status != Status::Proposed {
                return Err(NotDone::Overtaken);
            }
            if !found.may_be_decided_by(&decision.actor.user_id) && decision.approve {
                return Err(NotDone::NeedsSecond);
            }
            if decision.approve {
                return credit(conn, &found, &decision.actor, decision.note.as_deref(), now).await;
            }
            refuse(conn, &found, &decision, now).await
        })
    })
    .await
}

/// The case that notices of a compensation are about.
fn notice_case(compensation: &Compensation) -> notices::model::Case {
    notices::model::Case {
        kind: CaseKind::Compensation,
        id: compensation.id.clone(),
        no: compensation.number.clone(),
        order_no: compensation.order_no.clone().unwrap_or_default(),
    }
}

/// Writes the decision and moves the money.
async fn credit(conn: &mut Conn, found: &Compensation, actor: &Actor, note: Option<&str>, now: Timestamp) -> Result<(), NotDone> {
    // The compare-and-set comes first: whoever loses it has posted nothing.
    if !store::decide(conn, found, Status::Credited, (&actor.user_id, &actor.name), note, now).await? {
        return Err(NotDone::Overtaken);
    }
    let goodwill = Account::own(AccountKind::Goodwill);
    let deposit = Account::of(AccountKind::Deposit, &found.agency_id);
    let leg = Leg { debit: goodwill, credit: deposit, amount: found.amount, kind: TransferKind::Compensation };
    let case = Case { kind: "compensation", id: &found.id, no: &found.number };
    posting::post(conn, &[leg], About { refund: None, case: Some(case), round: 0, actor_id: &actor.user_id, now }).await?;
    let details = serde_json::json!({ "amount": found.amount });
    journal::write(conn, Subject::Compensation, &found.id, "compensation-credited", &Author::from(actor), &details, now).await?;
    let recipients = agencies::audience(conn, Some(&found.agency_id), None).await?;
    let sentences = [
        Message::new("notice-compensation").money("amount", found.amount).word("reason", found.cause.named()),
        Message::new("event-note").text("note", &found.note),
    ];
    notices::store::post(conn, &recipients, &notice_case(found), &sentences, now).await?;
    Ok(())
}

/// The agency does not learn of what was only proposed.
async fn refuse(conn: &mut Conn, found: &Compensation, decision: &Decision, now: Timestamp) -> Result<(), NotDone> {
    let actor = &decision.actor;
    // Above the limit nobody decides about their own proposal, not even against it.
    if !found.may_be_decided_by(&actor.user_id) {
        return Err(NotDone::NeedsSecond);
    }
    if !store::decide(conn, found, Status::Refused, (&actor.user_id, &actor.name), decision.note.as_deref(), now).await? {
        return Err(NotDone::Overtaken);
    }
    let details = serde_json::json!({ "amount": found.amount, "note": decision.note });
    journal::write(conn, Subject::Compensation, &found.id, "compensation-refused", &Author::from(actor), &details, now).await?;
    Ok(())
}
