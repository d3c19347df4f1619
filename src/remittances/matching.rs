//! Matching: what of a line belongs to which refund. When a refund's money is complete it is received and credited, less
//! the fee, in the same transaction; until then it is held.

use super::importing::open_account;
use super::model::{AllocationState, Line, LineStatus};
use super::store;
use super::{allocation_store, line_store};
use crate::db::{Conn, Db};
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::{Actor, Scope};
use crate::kernel::id::new_id;
use crate::kernel::money::Money;
use crate::kernel::time::Timestamp;
use crate::ledger::posting::{self, About, Case, LedgerError};
use crate::refunds::desk_actions::{self, Hand, NotDone};
use crate::refunds::model::{Difference, Refund, Status};
use crate::refunds::state::{Impossible, Verb};
use crate::refunds::store as refunds;
use crate::web::once::{self, Earlier};

/// How much of a line belongs to a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    pub refund_no: String,
    pub amount: Money,
    /// Why it differs from the estimate, where it does.
    pub difference: Option<Difference>,
    /// More of this refund's money is still to come.
    pub more_to_come: bool,
}

/// A line with its shares.
#[derive(Debug, Clone)]
pub struct Match {
    pub actor: Actor,
    pub remittance_no: String,
    pub row_no: i64,
    pub seen_version: i64,
    pub shares: Vec<Share>,
    pub once_key: String,
}

/// Why nothing was matched. Nothing was changed then.
#[derive(Debug)]
pub enum NotMatched {
    Absent,
    /// Somebody changed the line or a refund meanwhile.
    Overtaken,
    /// The same form again: its first answer stands.
    Again,
    /// Nothing was chosen.
    Nothing,
    /// The shares are more than is open.
    TooMuch,
    /// There is no such refund that waits for money of this currency.
    NoSuchRefund(String),
    /// The airline pays this refund to a card.
    Card(String),
    /// What came differs from the estimate and nobody said why.
    Unexplained {
        refund_no: String,
        estimated: Money,
        actual: Money,
    },
    KeyReused,
    /// The deposit would fall below its credit line.
    BelowFloor,
    Ledger(LedgerError),
    Database(sqlx::Error),
}

impl From<sqlx::Error> for NotMatched {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<LedgerError> for NotMatched {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Database(error) => Self::Database(error),
            other => Self::Ledger(other),
        }
    }
}

/// Matches a line. The same form again gets the first answer.
///
/// # Errors
/// Why it was not matched.
pub async fn perform(db: &Db, wanted: Match, now: Timestamp) -> Result<(), NotMatched> {
    let done = db.write(move |conn| {
        Box::pin(async move {
            let request = format!("match {} {} {} {:?}", wanted.remittance_no, wanted.row_no, wanted.seen_version, wanted.shares);
            match once::recall(conn, &wanted.actor.user_id, &wanted.once_key, &request).await? {
                Earlier::Same(_) => return Ok(()),
                Earlier::Different => return Err(NotMatched::KeyReused),
                Earlier::Nothing => {}
            }
            let remittance = store::find(conn, &wanted.remittance_no).await?.ok_or(NotMatched::Absent)?;
            let line = line_store::line(conn, &remittance.id, wanted.row_no).await?.ok_or(NotMatched::Absent)?;
            if line.version != wanted.seen_version {
                // The first press of the same button may have been faster.
                let same = once::recall(conn, &wanted.actor.user_id, &wanted.once_key, &request).await?;
                return if matches!(same, Earlier::Same(_)) { Ok(()) } else { Err(NotMatched::Overtaken) };
            }
            match match_in(conn, &remittance.number, line, &wanted.shares, &wanted.actor, now).await {
                Ok(()) => {}
                Err(NotMatched::Overtaken) => {
                    // By the first press of the same button, or by somebody else; what was begun here is undone.
                    let same = once::recall(conn, &wanted.actor.user_id, &wanted.once_key, &request).await?;
                    return Err(if matches!(same, Earlier::Same(_)) { NotMatched::Again } else { NotMatched::Overtaken });
                }
                Err(error) => return Err(error),
            }
            Ok(once::remember(conn, &wanted.actor.user_id, &wanted.once_key, &request, "", now).await?)
        })
    });
    match done.await {
        Err(NotMatched::Again) => Ok(()),
        done => done,
    }
}

/// Matches a line, in the caller's transaction.
///
/// # Errors
/// As [`perform`].
pub async fn match_in(
    conn: &mut Conn,
    remittance_no: &str,
    line: Line,
    shares: &[Share],
    actor: &Actor,
    now: Timestamp,
) -> Result<(), NotMatched> {
    if shares.is_empty() {
        return Err(NotMatched::Nothing);
    }
    let sum = shares.iter().try_fold(0i64, |sum, share| sum.checked_add(share.amount.minor)).ok_or(NotMatched::TooMuch)?;
    if !line.is_open() || shares.iter().any(|share| share.amount.minor <= 0) || sum > line.open().minor {
        return Err(NotMatched::TooMuch);
    }
    // The compare-and-set comes first: whoever loses it has posted nothing.
    let matched = Money::new(line.matched.minor + sum, line.currency());
    let mut after = Line { matched, proposals: Vec::new(), ..line.clone() };
    after.status = after.settled_status();
    if after.status == LineStatus::Unmatched {
        // What is left of it is more than the refunds needed.
        after.finding = super::model::Finding::OverPaid;
    }
    if !line_store::save_line(conn, &after).await? {
        return Err(NotMatched::Overtaken);
    }
    store::shift_totals(conn, &line, sum, 0).await?;
    // Always in the same order, so that two lines that pay the same refunds do not wait for each other.
    let mut in_order: Vec<&Share> = shares.iter().collect();
    in_order.sort_by(|one, other| one.refund_no.cmp(&other.refund_no));
    for share in in_order {
        allocate(conn, remittance_no, &line, share, actor, now).await?;
    }
    let details = serde_json::json!({ "row": line.row_no, "amount": Money::new(sum, line.currency()), "refunds": shares.iter().map(|share| &share.refund_no).collect::<Vec<_>>() });
    Ok(journal::write(conn, Subject::Remittance, &line.id, "matched", &Author::from(actor), &details, now).await?)
}

async fn allocate(
    conn: &mut Conn,
    remittance_no: &str,
    line: &Line,
    share: &Share,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), NotMatched> {
    let missing = || NotMatched::NoSuchRefund(share.refund_no.clone());
    let refund = refunds::find(conn, &Scope::Operator, &share.refund_no).await?.ok_or_else(missing)?;
    if refund.payment_channel == crate::bookings::model::PaymentChannel::Vcc {
        return Err(NotMatched::Card(share.refund_no.clone()));
    }
    if refund.currency != line.currency() || !refund.can_take_money() {
        return Err(missing());
    }
    // Every change of what a refund holds goes through its version: whoever was slower has read too little, and is
    // told so before anything is settled.
    let hand = Hand { actor, now, source: open_account(), tells: false };
    let refund = desk_actions::carry_out(conn, refund, &Verb::Hold { amount: share.amount }, &hand).await?;
    let (id, held) = (new_id(), AllocationState::Held);
    if !allocation_store::add_allocation(conn, &id, line, &refund, (share.amount.minor, held), &actor.name, now).await? {
        return Err(NotMatched::Overtaken);
    }
    if share.more_to_come { Ok(()) } else { settle(conn, remittance_no, line, refund, share.difference, &hand).await }
}

/// All that a refund holds becomes its money: received and credited.
async fn settle(
    conn: &mut Conn,
    remittance_no: &str,
    line: &Line,
    refund: Refund,
    difference: Option<Difference>,
    quiet: &Hand<'_>,
) -> Result<(), NotMatched> {
    let actual = refund.held;
    let shares = allocation_store::allocations_of_refund(conn, &refund.id, AllocationState::Held).await?;
    if shares.iter().map(|share| share.amount.minor).sum::<i64>() != actual.minor {
        return Err(NotMatched::Overtaken);
    }
    let moved = allocation_store::move_allocations(conn, &refund.id, AllocationState::Held, AllocationState::Settled).await?;
    if usize::try_from(moved).ok() != Some(shares.len()) {
        return Err(NotMatched::Overtaken);
    }
    let refund_no = refund.number.clone();
    let ready = lead_to_money(conn, refund, actual, quiet).await?;
    let hand = Hand { tells: true, ..quiet.clone() };
    let reference = Some(remittance_no.to_owned());
    let receive = Verb::Receive { amount: actual, on: line.paid_on, reference, difference, from_lines: true };
    let received = match desk_actions::carry_out(conn, ready, &receive, &hand).await {
        Ok(received) => received,
        Err(NotDone::Impossible(Impossible::DifferenceUnexplained { estimated, actual })) => {
            return Err(NotMatched::Unexplained { refund_no, estimated, actual });
        }
        Err(error) => return Err(error.into()),
    };
    if received.status == Status::Rejected {
        return Ok(());
    }
    desk_actions::carry_out(conn, received, &Verb::Credit, &hand).await?;
    Ok(())
}

/// Money is the airline's yes: what was not submitted or confirmed yet is so now.
async fn lead_to_money(conn: &mut Conn, mut refund: Refund, actual: Money, hand: &Hand<'_>) -> Result<Refund, NotMatched> {
    if refund.status == Status::AtlasProcessing {
        let submit = Verb::Submit { reference: refund.airline_reference.clone(), follow_up_after_days: 0 };
        refund = desk_actions::carry_out(conn, refund, &submit, hand).await?;
    }
    if refund.status == Status::AirlineProcessing {
        let confirm = Verb::Confirm { amount: actual, expected_on: None, by_money: true };
        refund = desk_actions::carry_out(conn, refund, &confirm, hand).await?;
    }
    Ok(refund)
}

impl From<NotDone> for NotMatched {
    fn from(error: NotDone) -> Self {
        match error {
            NotDone::Absent => Self::Absent,
            NotDone::Overtaken | NotDone::Impossible(_) | NotDone::TakenMeanwhile => Self::Overtaken,
            NotDone::KeyReused => Self::KeyReused,
            NotDone::Ledger(LedgerError::BelowFloor) => Self::BelowFloor,
            NotDone::Ledger(error) => error.into(),
            NotDone::Database(error) => error.into(),
        }
    }
}

/// What an entry about a line is about.
#[must_use]
pub fn about_line<'a>(case_id: &'a str, remittance_no: &'a str, actor: &'a Actor, now: Timestamp) -> About<'a> {
    let case = Case { kind: "remittance-line", id: case_id, no: remittance_no };
    About { refund: None, case: Some(case), round: 0, actor_id: &actor.user_id, now }
}

/// Posts one transfer about a line.
///
/// # Errors
/// The ledger's own.
pub async fn post_about_line(conn: &mut Conn, leg: posting::Leg, about: About<'_>) -> Result<(), NotMatched> {
    Ok(posting::post(conn, &[leg], about).await?)
}
