//! Making offers: a refund by the shared calculation, line by line, or a change or extra at a price.

use super::actions::{self, NotDone};
use super::model::Request;
use super::offer_model::{Line, Offer, OfferKind, OfferLine, OfferStatus};
use super::state::Verb;
use super::{offer_store, store, wording};
use crate::agencies::store as agencies;
use crate::bookings::store as bookings;
use crate::config::Limits;
use crate::db::{Conn, Db};
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::Actor;
use crate::kernel::id::new_id;
use crate::kernel::money::Money;
use crate::kernel::time::Timestamp;
use crate::ledger::posting::LedgerError;
use crate::notices;
use crate::refunds::quote_store::{self, KeptQuote};
use crate::refunds::refusal::Refusal;
use crate::refunds::selection::Selection;
use crate::refunds::{quoting, taken_store};
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
    let kept = bookings::held(conn, &actor.scope(), &request.order_no).await?.ok_or(NotDone::Absent)?;
    let taken = taken_store::taken(conn, &kept.id).await?;
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
