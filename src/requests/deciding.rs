//! Deciding offers: once, by the customer or the team, and what the decision moves.

use super::actions::{self, NotDone};
use super::model::Request;
use super::offer_model::{Offer, OfferKind, OfferLine, OfferStatus};
use super::offering::Declined;
use super::state::Verb;
use super::{offer_store, store, wording};
use crate::bookings::store::{self as bookings, Kept};
use crate::config::Limits;
use crate::db::{Conn, Db};
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::Actor;
use crate::kernel::money::Money;
use crate::kernel::time::Timestamp;
use crate::ledger::posting::{self, About, Account, Case, Leg};
use crate::ledger::{AccountKind, TransferKind};
use crate::notices;
use crate::refunds::quote_store;
use crate::refunds::refusal::Refusal;
use crate::refunds::registering::{self, Agreed, Beginning};
use crate::refunds::taken_store;
use crate::web::once::{self, Earlier};

/// What is decided about an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Accept,
    Decline,
    /// The operator takes it back.
    Withdraw,
    /// What was accepted could not be done.
    Fail,
    /// What was accepted is done.
    Fulfil,
}

/// A decision on its way.
#[derive(Debug, Clone)]
pub struct Deciding {
    pub actor: Actor,
    pub number: String,
    pub offer_id: String,
    pub once_key: String,
    pub decision: Decision,
    pub note: Option<String>,
}

/// Decides an offer. The same form again gets the first answer: the number of the refund that came of it, if one did.
///
/// # Errors
/// Why it was not decided.
pub async fn decide(db: &Db, deciding: Deciding, limits: &Limits, now: Timestamp) -> Result<Option<String>, Declined> {
    let limits = limits.clone();
    db.write(move |conn| Box::pin(async move { decide_in(conn, &deciding, &limits, now).await })).await
}

async fn decide_in(conn: &mut Conn, deciding: &Deciding, limits: &Limits, now: Timestamp) -> Result<Option<String>, Declined> {
    let actor = &deciding.actor;
    let request = store::find(conn, &actor.scope(), &deciding.number).await?.ok_or(NotDone::Absent)?;
    let offer = offer_store::find(conn, &request.id, &deciding.offer_id).await?.ok_or(NotDone::Absent)?;
    let asked = format!("{:?} {}", deciding.decision, offer.id);
    match once::recall(conn, &actor.user_id, &deciding.once_key, &asked).await? {
        Earlier::Same(number) => return Ok(Some(number).filter(|number| !number.is_empty())),
        Earlier::Different => return Err(NotDone::KeyReused.into()),
        Earlier::Nothing => {}
    }
    let (to, verb) = step(&offer, deciding.decision, now)?;
    let note = deciding.note.as_deref();
    // The compare-and-set comes first: whoever loses it has moved nothing.
    if !offer_store::decide(conn, &offer, to, &actor.name, note, now).await? {
        return match once::recall(conn, &actor.user_id, &deciding.once_key, &asked).await? {
            Earlier::Same(number) => Ok(Some(number).filter(|number| !number.is_empty())),
            Earlier::Nothing | Earlier::Different => Err(Declined::AlreadyDecided),
        };
    }
    let number = match (deciding.decision, offer.kind) {
        (Decision::Accept, OfferKind::Refund) => Some(refund(conn, &request, &offer, actor, limits, now).await?),
        (Decision::Accept, _) => {
            charge(conn, &request, &offer, actor, now).await?;
            None
        }
        (Decision::Fail, _) => {
            posting::reverse(conn, &offer.id, TransferKind::ServiceSale, about(&request, &offer, actor, now)).await?;
            None
        }
        _ => None,
    };
    let newest = store::by_id(conn, &request.id).await?.ok_or(NotDone::Absent)?;
    let after = actions::change(conn, newest, &verb, limits, now).await?;
    let author = Author::from(actor);
    let happened = match deciding.decision {
        Decision::Accept => "offer-accepted",
        Decision::Decline => "offer-declined",
        Decision::Withdraw => "offer-withdrawn",
        Decision::Fail => "offer-failed",
        Decision::Fulfil => "offer-fulfilled",
    };
    let details = serde_json::json!({ "version": after.version, "amount": offer.amount, "kind": offer.kind, "note": note });
    journal::write(conn, Subject::Request, &after.id, happened, &author, &details, now).await?;
    let recipients = actions::other_side(conn, &after, author.side).await?;
    notices::store::post(conn, &recipients, &wording::case(&after), &wording::told(happened, &details), now).await?;
    once::remember(conn, &actor.user_id, &deciding.once_key, &asked, number.as_deref().unwrap_or_default(), now).await?;
    Ok(number)
}

/// Where a decision leads to, if it can be made now.
fn step(offer: &Offer, decision: Decision, now: Timestamp) -> Result<(OfferStatus, Verb), Declined> {
    use OfferStatus::{Accepted, Failed, Fulfilled, Open};
    let is_price = offer.kind != OfferKind::Refund;
    match (decision, offer.status) {
        (Decision::Accept | Decision::Decline | Decision::Withdraw, Open) if now >= offer.valid_until => Err(Declined::Expired),
        (_, OfferStatus::Expired) => Err(Declined::Expired),
        (Decision::Accept, Open) => Ok((Accepted, Verb::Accept { work_left: is_price })),
        (Decision::Decline, Open) => Ok((OfferStatus::Declined, Verb::Decline)),
        (Decision::Withdraw, Open) => Ok((OfferStatus::Withdrawn, Verb::Answer { processed: false })),
        (Decision::Fail, Accepted) if is_price => Ok((Failed, Verb::Failed)),
        (Decision::Fulfil, Accepted) if is_price => Ok((Fulfilled, Verb::Fulfilled)),
        _ => Err(Declined::AlreadyDecided),
    }
}

fn about<'a>(request: &'a Request, offer: &'a Offer, actor: &'a Actor, now: Timestamp) -> About<'a> {
    About {
        refund: None,
        case: Some(Case { kind: "request", id: &offer.id, no: &request.number }),
        round: 0,
        actor_id: &actor.user_id,
        now,
    }
}

/// Takes the price from the deposit, as far as its credit line allows.
async fn charge(conn: &mut Conn, request: &Request, offer: &Offer, actor: &Actor, now: Timestamp) -> Result<(), Declined> {
    let deposit = Account::of(AccountKind::Deposit, &request.agency_id);
    let sales = Account::own(AccountKind::ServiceSales);
    let leg = Leg { debit: deposit, credit: sales, amount: offer.amount, kind: TransferKind::ServiceSale };
    Ok(posting::post(conn, &[leg], about(request, offer, actor, now)).await?)
}

/// The refund case, with the quote that was offered.
async fn refund(
    conn: &mut Conn,
    request: &Request,
    offer: &Offer,
    actor: &Actor,
    limits: &Limits,
    now: Timestamp,
) -> Result<String, Declined> {
    let kept = bookings::held(conn, &actor.scope(), &request.order_no).await?.ok_or(NotDone::Absent)?;
    let quote_id = offer.quote_id.as_deref().unwrap_or_default();
    let quote = quote_store::find(conn, &kept.id, quote_id).await?.ok_or(NotDone::Absent)?;
    let taken = taken_store::taken(conn, &kept.id).await?;
    quote.selection.check_known(&kept.booking, &taken)?;
    let penalty = quote.answer.totals.original.minus(offer.amount).map_err(Refusal::Calculation)?;
    let agreed = Agreed { penalty, refund: offer.amount, service_fee: fee(offer, &kept, taken.is_empty()) };
    let beginning = Beginning { agreed: Some(agreed), request_id: Some(request.id.clone()), ..Beginning::default() };
    let refund = registering::register(conn, &kept, &quote, beginning, actor, limits, now).await?;
    offer_store::set_refund(conn, &offer.id, &refund.id).await?;
    Ok(refund.number)
}

/// The service fee that was offered. One per order is taken once: another refund of the order may have taken it since
/// the offer was made. A fee that somebody set by hand, with a reason, stands as it was agreed.
fn fee(offer: &Offer, kept: &Kept, is_first: bool) -> Money {
    let none = Money::zero(offer.amount.currency);
    let Some(line) = offer.lines.iter().find(|line| line.line == OfferLine::ServiceFee) else { return none };
    let is_per_order = kept.booking.fee_per_passenger.is_none();
    if is_per_order && !is_first && line.reason.is_none() { none } else { line.offered }
}
