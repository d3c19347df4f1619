//! What the operator's team does with a refund: each verb is one transaction of state, ledger and event.

use super::model::{Refund, RefusalCode, Status};
use super::state::{Impossible, Verb};
use super::{store, wording};
use crate::agencies::store as agencies;
use crate::db::{Conn, Db, is_duplicate};
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::Actor;
use crate::kernel::money::Money;
use crate::kernel::time::Timestamp;
use crate::ledger::posting::{self, About, Account, LedgerError, Leg};
use crate::ledger::{AccountKind, TransferKind};
use crate::notices;
use crate::web::once::{self, Earlier};

/// A verb on its way: who, on which refund, as of which version.
#[derive(Debug, Clone)]
pub struct Order {
    pub actor: Actor,
    pub number: String,
    pub seen_version: i64,
    pub once_key: String,
    pub verb: Verb,
}

/// Why a verb was not done. Nothing was changed then.
#[derive(Debug)]
pub enum NotDone {
    Absent,
    /// Somebody changed the refund after the form was filled in.
    Overtaken,
    Impossible(Impossible),
    /// The one-time key belongs to another form.
    KeyReused,
    /// Another refund has its passengers by now.
    TakenMeanwhile,
    Ledger(LedgerError),
    Database(sqlx::Error),
}

impl From<sqlx::Error> for NotDone {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<Impossible> for NotDone {
    fn from(impossible: Impossible) -> Self {
        Self::Impossible(impossible)
    }
}

impl From<LedgerError> for NotDone {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

/// Does a verb. The same form again gets the first answer.
///
/// # Errors
/// Why it was not done.
pub async fn perform(db: &Db, order: Order, now: Timestamp) -> Result<Refund, NotDone> {
    db.write(move |conn| Box::pin(async move { perform_in(conn, order, now).await })).await
}

async fn perform_in(conn: &mut Conn, order: Order, now: Timestamp) -> Result<Refund, NotDone> {
    let refund = store::find(conn, &order.actor.scope(), &order.number).await?.ok_or(NotDone::Absent)?;
    let request = format!("{:?} {} {}", order.verb, refund.id, order.seen_version);
    match once::recall(conn, &order.actor.user_id, &order.once_key, &request).await? {
        Earlier::Same(_) => return Ok(refund),
        Earlier::Different => return Err(NotDone::KeyReused),
        Earlier::Nothing => {}
    }
    if refund.version != order.seen_version {
        return Err(NotDone::Overtaken);
    }
    let hand = Hand { actor: &order.actor, now, source: Account::own(AccountKind::AirlineCash), tells: true };
    match carry_out(conn, refund, &order.verb, &hand).await {
        Ok(after) => {
            once::remember(conn, &order.actor.user_id, &order.once_key, &request, &after.number, now).await?;
            Ok(after)
        }
        Err(NotDone::Overtaken) => first_answer(conn, &order, &request).await,
        Err(error) => Err(error),
    }
}

/// Who does a verb, when, and with which money.
#[derive(Debug, Clone)]
pub struct Hand<'a> {
    pub actor: &'a Actor,
    pub now: Timestamp,
    /// Where the airline's money is taken from: its own account, or lines of a remittance.
    pub source: Account,
    /// Whether the other side is told; steps that only lead to the next one are not.
    pub tells: bool,
}

/// Does a verb in the caller's transaction: state, ledger, event and notice. Answers the refund as it is then.
///
/// # Errors
/// Why it was not done; then the transaction must not be committed.
pub async fn carry_out(conn: &mut Conn, before: Refund, verb: &Verb, hand: &Hand<'_>) -> Result<Refund, NotDone> {
    let now = hand.now;
    let mut after = before.clone().after(verb, now)?;
    // The compare-and-set comes first: whoever loses it has posted nothing.
    if !store::save(conn, &after, before.version).await? {
        return Err(NotDone::Overtaken);
    }
    after.version += 1;
    post(conn, &before, &after, verb, hand).await?;
    if matches!(after.status, Status::Rejected | Status::Withdrew) {
        store::release_coupons(conn, &after.id).await?;
    } else if before.status == Status::Rejected {
        store::hold_coupons(conn, &after.id)
            .await
            .map_err(|error| if is_duplicate(&error) { NotDone::TakenMeanwhile } else { error.into() })?;
    }
    let details = details(&after, verb);
    let happened = happened(verb, &after);
    journal::write(conn, Subject::Refund, &after.id, happened, &Author::from(hand.actor), &details, now).await?;
    if hand.tells {
        tell(conn, &after, verb, happened, &details, now).await?;
    }
    Ok(after)
}

/// After losing the compare-and-set: to the first press of the same button, or to somebody else.
async fn first_answer(conn: &mut Conn, order: &Order, request: &str) -> Result<Refund, NotDone> {
    match once::recall(conn, &order.actor.user_id, &order.once_key, request).await? {
        Earlier::Same(_) => store::find(conn, &order.actor.scope(), &order.number).await?.ok_or(NotDone::Absent),
        Earlier::Nothing | Earlier::Different => Err(NotDone::Overtaken),
    }
}

/// What a verb moves in the books.
async fn post(conn: &mut Conn, before: &Refund, after: &Refund, verb: &Verb, hand: &Hand<'_>) -> Result<(), NotDone> {
    let refund = Some((after.id.as_str(), after.payment_channel.word()));
    let about = About { refund, case: None, round: before.round, actor_id: &hand.actor.user_id, now: hand.now };
    let receivable = Account::of(AccountKind::AirlineReceivable, &after.airline);
    let payable = Account::of(AccountKind::RefundPayable, &after.agency_id);
    match verb {
        Verb::Confirm { amount, .. } => {
            let leg = Leg { debit: receivable, credit: payable, amount: *amount, kind: TransferKind::AirlineConfirmed };
            posting::post(conn, &[leg], about).await?;
        }
        Verb::Refuse { .. } if before.status == Status::AirlineRefunding => {
            posting::reverse(conn, &after.id, TransferKind::AirlineConfirmed, about).await?;
        }
        Verb::Receive { amount, .. } => posting::post(conn, &receipt(after, *amount, &hand.source), about).await?,
        Verb::Credit => posting::post(conn, &credit(after), about).await?,
        Verb::TakeBack => {
            // The newest first, so that the deposit gives back before anything else moves.
            let kinds = [
                TransferKind::ServiceFee,
                TransferKind::RefundCredit,
                TransferKind::Unallocated,
                TransferKind::Difference,
                TransferKind::AirlineMoney,
            ];
            for kind in kinds {
                posting::reverse(conn, &after.id, kind, about).await?;
            }
            if before.confirmed_by_money {
                posting::reverse(conn, &after.id, TransferKind::AirlineConfirmed, about).await?;
            }
        }
        Verb::Assign { .. }
        | Verb::Submit { .. }
        | Verb::Refuse { .. }
        | Verb::Fulfil
        | Verb::Withdraw
        | Verb::Hold { .. }
        | Verb::Release => {}
    }
    Ok(())
}

/// The airline's money comes in; what it is more or less than confirmed is owed to or no longer owed to the agency.
fn receipt(refund: &Refund, amount: Money, source: &Account) -> Vec<Leg> {
    let receivable = Account::of(AccountKind::AirlineReceivable, &refund.airline);
    let payable = Account::of(AccountKind::RefundPayable, &refund.agency_id);
    let mut legs = vec![Leg { debit: source.clone(), credit: receivable.clone(), amount, kind: TransferKind::AirlineMoney }];
    let confirmed = refund.airline_amount.unwrap_or(amount);
    let gap = Money::new((amount.minor - confirmed.minor).abs(), amount.currency);
    if amount.minor > confirmed.minor {
        legs.push(Leg { debit: receivable, credit: payable.clone(), amount: gap, kind: TransferKind::Difference });
    } else {
        legs.push(Leg { debit: payable.clone(), credit: receivable, amount: gap, kind: TransferKind::Difference });
    }
    if refund.refusal == Some(RefusalCode::BELOW_SERVICE_FEE) {
        let unallocated = Account::own(AccountKind::Unallocated);
        legs.push(Leg { debit: payable, credit: unallocated, amount, kind: TransferKind::Unallocated });
    }
    legs
}

/// The whole amount goes to the deposit, and the fee is taken from it in a line of its own.
fn credit(refund: &Refund) -> Vec<Leg> {
    let amount = refund.actual.unwrap_or(Money::zero(refund.currency));
    let deposit = Account::of(AccountKind::Deposit, &refund.agency_id);
    let payable = Account::of(AccountKind::RefundPayable, &refund.agency_id);
    let income = Account::own(AccountKind::ServiceFeeIncome);
    vec![
        Leg { debit: payable, credit: deposit.clone(), amount, kind: TransferKind::RefundCredit },
        Leg { debit: deposit, credit: income, amount: refund.service_fee, kind: TransferKind::ServiceFee },
    ]
}

/// Tells the side that did not do it. Who is at work on a refund, and that money came which is not credited yet, is the
/// operator's own affair.
async fn tell(
    conn: &mut Conn,
    after: &Refund,
    verb: &Verb,
    happened: &str,
    details: &serde_json::Value,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let recipients = match verb {
        Verb::Assign { .. } | Verb::Hold { .. } | Verb::Release => return Ok(()),
        Verb::Receive { .. } if after.status != Status::Rejected => return Ok(()),
        Verb::Withdraw => agencies::audience(conn, None, after.assignee_id.as_deref()).await?,
        _ => agencies::audience(conn, Some(&after.agency_id), None).await?,
    };
    notices::store::post(conn, &recipients, &wording::case(after), &wording::changed(after, happened, details), now).await
}

/// The word under which the journal keeps it.
fn happened(verb: &Verb, after: &Refund) -> &'static str {
    match verb {
        Verb::Assign { to: Some(_) } => "assigned",
        Verb::Assign { to: None } => "unassigned",
        Verb::Submit { .. } => "submitted",
        Verb::Confirm { .. } => "confirmed",
        Verb::Refuse { .. } => "refused",
        Verb::Receive { .. } if after.status == Status::Rejected => "received-below-fee",
        Verb::Receive { .. } => "received",
        Verb::Credit => "credited",
        Verb::Fulfil => "fulfilled",
        Verb::Withdraw => "withdrawn",
        Verb::TakeBack => "credit-taken-back",
        Verb::Hold { .. } => "held",
        Verb::Release => "released",
    }
}

fn details(after: &Refund, verb: &Verb) -> serde_json::Value {
    let version = after.version;
    match verb {
        Verb::Assign { to } => serde_json::json!({ "version": version, "to": to }),
        Verb::Submit { reference, .. } => serde_json::json!({ "version": version, "reference": reference }),
        Verb::Hold { amount } => serde_json::json!({ "version": version, "amount": amount }),
        Verb::Confirm { amount, expected_on, .. } => serde_json::json!({ "version": version, "amount": amount, "day": expected_on }),
        Verb::Refuse { code, note } => serde_json::json!({ "version": version, "code": code.number(), "note": note }),
        Verb::Receive { amount, on, reference, difference, .. } => {
            serde_json::json!({ "version": version, "amount": amount, "day": on, "reference": reference, "difference": difference })
        }
        Verb::Credit => serde_json::json!({ "version": version, "amount": after.credited(), "fee": after.service_fee }),
        Verb::Fulfil | Verb::Withdraw | Verb::TakeBack | Verb::Release => serde_json::json!({ "version": version }),
    }
}
