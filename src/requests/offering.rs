//! Offers: made by the operator, decided by the customer once, and what the decision moves.

use super::actions::{self, NotDone};
use super::model::Request;
use super::offer_model::{Line, Offer, OfferKind, OfferLine, OfferStatus};
use super::state::Verb;
use super::{offer_store, store, wording};
use crate::agencies::store as agencies;
use crate::bookings::store::{self as bookings, Kept};
use crate::config::Limits;
use crate::db::{Conn, Db};
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::Actor;
use crate::kernel::id::new_id;
use crate::kernel::money::Money;
use crate::kernel::time::Timestamp;
use crate::ledger::posting::{self, About, Account, Case, LedgerError, Leg};
use crate::ledger::{AccountKind, TransferKind};
use crate::notices;
use crate::refunds::quote_store::{self, KeptQuote};
use crate::refunds::refusal::Refusal;
use crate::refunds::registering::{self, Agreed, Beginning};
use crate::refunds::selection::Selection;
use crate::refunds::{quoting, store as refunds};
use crate::web::once::{self, Earlier};

/// What is offered, already parsed.
#[derive(Debug, Clone)]
pub enum Proposal {
    /// A refund of this selection; lines that are set otherwise than the calculation does, with their reasons; and what
    /// the form said the calculation says, line by line.
    Refund {
        selection: Selection,
        overrides: Vec<(OfferLine, Money, String)>,
        seen: Vec<String>,
    },
    Price {
        kind: OfferKind,
        amount: Money,
    },
}

/// An offer on its way.
#[derive(Debug, Clone)]
pub struct Offering {
    pub actor: Actor,
    pub number: String,
    pub seen_version: i64,
    pub once_key: String,
    pub proposal: Proposal,
    pub what: String,
    pub valid_until: Timestamp,
}

/// Why an offer was not made or decided. Nothing was changed then.
#[derive(Debug)]
pub enum Declined {
    Request(NotDone),
    Refund(Refusal),
    /// A line that the calculation cannot name was not set, or nothing would come back.
    LinesMissing,
    NothingBack,
    /// The calculation says something else than when the form was filled in.
    Recalculated,
    /// Its time is over.
    Expired,
    /// Somebody decided it before.
    AlreadyDecided,
    /// The deposit would fall below its credit line.
    BelowFloor,
    Ledger(LedgerError),
}

impl From<sqlx::Error> for Declined {
    fn from(error: sqlx::Error) -> Self {
        Self::Request(NotDone::Database(error))
    }
}

impl From<NotDone> for Declined {
    fn from(error: NotDone) -> Self {
        Self::Request(error)
    }
}

impl From<Refusal> for Declined {
    fn from(refusal: Refusal) -> Self {
        Self::Refund(refusal)
    }
}

impl From<LedgerError> for Declined {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::BelowFloor => Self::BelowFloor,
            other => Self::Ledger(other),
        }
    }
}

/// What the calculation says of each line of a refund.
#[must_use]
pub fn computed(quote: &KeptQuote) -> [(OfferLine, Option<Money>); 3] {
    let totals = &quote.answer.totals;
    [
        (OfferLine::FarePenalty, totals.fare_penalty),
        (OfferLine::AncillaryPenalty, totals.ancillary_penalty),
        (OfferLine::ServiceFee, Some(totals.service_fee)),
    ]
}

/// Makes an offer: the request is processed then, and the customer has the ball.
///
/// # Errors
/// Why it was not made.
pub async fn offer(db: &Db, offering: Offering, limits: &Limits, now: Timestamp) -> Result<(), Declined> {
    let limits = limits.clone();
    db.write(move |conn| Box::pin(async move { offer_in(conn, offering, &limits, now).await })).await
}

async fn offer_in(conn: &mut Conn, offering: Offering, limits: &Limits, now: Timestamp) -> Result<(), Declined> {
    let actor = &offering.actor;
    let before = store::find(conn, &actor.scope(), &offering.number).await?.ok_or(NotDone::Absent)?;
    let asked = format!("offer {} {} {:?}", before.id, offering.seen_version, offering.proposal);
    match once::recall(conn, &actor.user_id, &offering.once_key, &asked).await? {
        Earlier::Same(_) => return Ok(()),
        Earlier::Different => return Err(NotDone::KeyReused.into()),
        Earlier::Nothing => {}
    }
    if before.version != offering.seen_version {
        return Err(NotDone::Overtaken.into());
    }
    let mut offer = Offer {
        id: new_id(),
        request_id: before.id.clone(),
        agency_id: before.agency_id.clone(),
        kind: OfferKind::Refund,
        status: OfferStatus::Open,
        amount: Money::zero(bookings_currency(conn, &before).await?),
        quote_id: None,
        lines: Vec::new(),
        what: offering.what.clone(),
        valid_until: offering.valid_until,
        refund_id: None,
        created_by: actor.user_id.clone(),
        created_by_name: actor.name.clone(),
        created_at: now,
        decided_by_name: None,
        decided_at: None,
        note: None,
    };
    match offering.proposal {
        Proposal::Price { kind, amount } => (offer.kind, offer.amount) = (kind, amount),
        Proposal::Refund { selection, ref overrides, ref seen } => {
            let quote = quoted(conn, &before, selection, actor, limits, now).await?;
            let now_computed = computed(&quote).map(|(_, amount)| amount.map(|amount| amount.decimal().to_string()).unwrap_or_default());
            if *seen != now_computed {
                return Err(Declined::Recalculated);
            }
            offer.lines = lines(&quote, overrides)?;
            offer.amount = back(&quote, &offer)?;
            offer.quote_id = Some(quote.id.clone());
            quote_store::insert(conn, &quote).await?;
        }
    }
    let after = match actions::change(conn, before, &Verb::Offer { valid_until: offer.valid_until }, limits, now).await {
        Err(NotDone::Overtaken) => {
            // To the first press of the same button, or to somebody else.
            return match once::recall(conn, &actor.user_id, &offering.once_key, &asked).await? {
                Earlier::Same(_) => Ok(()),
                Earlier::Nothing | Earlier::Different => Err(NotDone::Overtaken.into()),
            };
        }
        changed => changed?,
    };
    offer_store::withdraw_open(conn, &after.id, Some(offer.kind), &actor.name, now).await?;
    offer_store::insert(conn, &offer).await?;
    let details = serde_json::json!({ "version": after.version, "amount": offer.amount, "kind": offer.kind });
    journal::write(conn, Subject::Request, &after.id, "offer-made", &Author::from(actor), &details, now).await?;
    let recipients = agencies::audience(conn, Some(&after.agency_id), None).await?;
    notices::store::post(conn, &recipients, &wording::case(&after), &wording::offered(&offer), now).await?;
    once::remember(conn, &actor.user_id, &offering.once_key, &asked, &offer.id, now).await?;
    Ok(())
}

async fn bookings_currency(conn: &mut Conn, request: &Request) -> Result<crate::kernel::money::Currency, Declined> {
    let scope = crate::kernel::actor::Scope::Agency(request.agency_id.clone());
    let kept = bookings::find(conn, &scope, &request.order_no).await?.ok_or(NotDone::Absent)?;
    Ok(kept.booking.currency)
}

/// The quote behind an offered refund: what the team may offer goes further than what the slide-out may.
async fn quoted(
    conn: &mut Conn,
    request: &Request,
    selection: Selection,
    actor: &Actor,
    limits: &Limits,
    now: Timestamp,
) -> Result<KeptQuote, Declined> {
    let kept = bookings::find(conn, &actor.scope(), &request.order_no).await?.ok_or(NotDone::Absent)?;
    bookings::hold(conn, &kept.id).await?;
    let taken = refunds::taken(conn, &kept.id).await?;
    selection.check_known(&kept.booking, &taken)?;
    Ok(quoting::reckon(conn, &kept, selection, &actor.user_id, limits, now).await?)
}

/// Every line as it is offered.
fn lines(quote: &KeptQuote, overrides: &[(OfferLine, Money, String)]) -> Result<Vec<Line>, Declined> {
    let line = |(line, computed): (OfferLine, Option<Money>)| {
        let set = overrides.iter().find(|(of, ..)| *of == line);
        let offered = set.map(|(_, amount, _)| *amount).or(computed).ok_or(Declined::LinesMissing)?;
        Ok(Line { line, computed, offered, reason: set.map(|(.., reason)| reason.clone()) })
    };
    computed(quote).into_iter().map(line).collect()
}

/// What comes back by the lines: everything that was paid, less what the airline keeps.
fn back(quote: &KeptQuote, offer: &Offer) -> Result<Money, Declined> {
    let kept = [OfferLine::FarePenalty, OfferLine::AncillaryPenalty].into_iter().filter_map(|line| offer.line(line));
    let original = quote.answer.totals.original;
    let back = kept.into_iter().try_fold(original, Money::minus).map_err(|error| Declined::Refund(Refusal::Calculation(error)))?;
    if back.minor > 0 { Ok(back) } else { Err(Declined::NothingBack) }
}

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
    About { refund: None, case: Some(Case { kind: "request", id: &offer.id, no: &request.number }), actor_id: &actor.user_id, now }
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
    let kept = bookings::find(conn, &actor.scope(), &request.order_no).await?.ok_or(NotDone::Absent)?;
    bookings::hold(conn, &kept.id).await?;
    let quote_id = offer.quote_id.as_deref().unwrap_or_default();
    let quote = quote_store::find(conn, &kept.id, quote_id).await?.ok_or(NotDone::Absent)?;
    let taken = refunds::taken(conn, &kept.id).await?;
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
