//! Making a quote: what a refund of this selection would come to, kept for two hours.

use super::quote_store::{self, KeptQuote, PackedQuote, ToQuoteRow};
use super::refusal::Refusal;
use super::selection::Selection;
use super::taken_store::{self, Counts, Stamp};
use super::terms::Shelf;
use crate::bookings::facts as bookings_facts;
use crate::bookings::store as bookings;
use crate::bookings::store::Kept;
use crate::config::Limits;
use crate::db::line::{self, Joint};
use crate::db::{Conn, Db, is_busy, is_lost, json};
use crate::incidents;
use crate::incidents::model::{Incident, Outcome};
use crate::kernel::actor::Scope;
use crate::kernel::id::new_id;
use crate::kernel::time::{Timestamp, plus_hours};
use crate::refund_calculation::Quote;
use crate::refund_calculation::facts::{Reason, ServiceFee};
use crate::refund_calculation::quote::ReasonCode;
use crate::{refund_calculation, rule_sets};

/// Who asks for what.
#[derive(Debug, Clone)]
pub struct Asked {
    pub scope: Scope,
    pub user_id: String,
    pub order_no: String,
    pub selection: Selection,
}

/// Quotes a selection and keeps the quote as the order's newest.
///
/// Each commit waits for the disk, and each statement for a trip to the database. So a quote is reckoned beside those of others:
/// those that are asked for at the same time are read by one statement, and those that are reckoned at the same time are kept in
/// one transaction, if nothing that they depend on has changed meanwhile. One that cannot go with others goes alone, and is
/// reckoned again.
///
/// # Errors
/// The rule that the selection breaks.
pub async fn quote(db: &Db, asked: Asked, limits: &Limits, now: Timestamp) -> Result<KeptQuote, Refusal> {
    if let Some((mut quote, reckoned)) = reckoned(db, &asked, limits, now).await?
        && let Some(ordinal) = db.join(reckoned).await?
    {
        quote.ordinal = ordinal;
        return Ok(quote);
    }
    let limits = limits.clone();
    db.write(move |conn| Box::pin(async move { quote_alone(conn, asked, &limits, now).await })).await
}

async fn quote_alone(conn: &mut Conn, asked: Asked, limits: &Limits, now: Timestamp) -> Result<KeptQuote, Refusal> {
    let kept = bookings::held(conn, &asked.scope, &asked.order_no).await?.ok_or(Refusal::Absent)?;
    let counts = taken_store::counts_of(conn, &kept.id).await?;
    let quote = make(conn, &kept, asked.selection, counts, (&asked.user_id, now), limits).await?;
    quote_store::insert(conn, &quote).await?;
    Ok(quote)
}

/// The quote as things are now, before it is kept; nothing where it has to go alone.
async fn reckoned(db: &Db, asked: &Asked, limits: &Limits, now: Timestamp) -> Result<Option<(KeptQuote, Reckoned)>, Refusal> {
    let wanted = Wanted { scope: asked.scope.clone(), order_no: asked.order_no.clone() };
    let Some(found) = db.join(wanted).await? else { return Ok(None) };
    let (kept, counts) = found.ok_or(Refusal::Absent)?.read()?;
    let mut conn = db.read().await?;
    let quote = match make(&mut conn, &kept, asked.selection.clone(), counts, (&asked.user_id, now), limits).await {
        Err(Refusal::Database(error)) if is_lost(&error) => {
            db.doubt();
            return Ok(None);
        }
        made => made?,
    };
    drop(conn);
    let stamp = Stamp { document_digest: kept.document_digest, counts };
    let reckoned = Reckoned { order_id: kept.id, order_no: asked.order_no.clone(), stamp, packed: quote_store::packed(&quote)? };
    Ok(Some((quote, reckoned)))
}

/// A booking that is to be quoted, and whose it must be.
struct Wanted {
    scope: Scope,
    order_no: String,
}

impl Joint for Wanted {
    /// The booking, if there is one for this scope.
    type Done = Option<ToQuoteRow>;
    type Error = sqlx::Error;

    const MOST: usize = 64;

    async fn do_all(db: &Db, pieces: Vec<Self>) -> Vec<Result<Option<Self::Done>, Self::Error>> {
        line::for_each(db, read_together(db, &pieces).await, pieces.len(), is_lost)
    }
}

async fn read_together(db: &Db, wanted: &[Wanted]) -> Result<Vec<Option<Option<ToQuoteRow>>>, sqlx::Error> {
    let mut conn = db.read().await?;
    let order_numbers: Vec<&str> = wanted.iter().map(|one| one.order_no.as_str()).collect();
    let found = quote_store::to_quote(&mut conn, &order_numbers).await?;
    Ok(wanted.iter().map(|one| Some(found.get(&one.order_no).filter(|row| row.is_of(&one.scope)).cloned())).collect())
}

/// A quote that was reckoned before it was its turn to be kept.
struct Reckoned {
    order_id: String,
    order_no: String,
    /// What it was reckoned from.
    stamp: Stamp,
    packed: PackedQuote,
}

impl Joint for Reckoned {
    /// The quote's ordinal.
    type Done = i64;
    type Error = sqlx::Error;

    const MOST: usize = 64;

    async fn do_all(db: &Db, pieces: Vec<Self>) -> Vec<Result<Option<Self::Done>, Self::Error>> {
        let count = pieces.len();
        let kept = db.write(move |conn| Box::pin(async move { keep_together(conn, pieces).await })).await;
        // Whose fault it was shows when each goes alone. Should these have been kept after all, each is only followed by another.
        line::for_each(db, kept, count, |error| !is_busy(error))
    }
}

/// Keeps those of some quotes that still stand: their ordinals.
async fn keep_together(conn: &mut Conn, all: Vec<Reckoned>) -> Result<Vec<Option<i64>>, sqlx::Error> {
    let ids: Vec<&str> = all.iter().map(|one| one.order_id.as_str()).collect();
    // Nobody waits here for an order that somebody else writes to, and no two for each other.
    let free = bookings::hold_free(conn, &ids).await?;
    let order_numbers: Vec<&str> = all.iter().map(|one| one.order_no.as_str()).collect();
    let mut stamps = taken_store::stamps(conn, &order_numbers).await?;
    let (mut ordinals, mut quotes) = (Vec::with_capacity(all.len()), Vec::with_capacity(all.len()));
    for one in all {
        let stamp = stamps.get_mut(&one.order_no).filter(|stamp| free.contains(&one.order_id) && one.stamp.serves_at(stamp));
        let ordinal = stamp.map(|stamp| {
            stamp.counts.newest_ordinal += 1;
            stamp.counts.newest_ordinal
        });
        quotes.extend(ordinal.map(|ordinal| one.packed.numbered(ordinal)));
        ordinals.push(ordinal);
    }
    quote_store::insert_packed(conn, quotes).await?;
    Ok(ordinals)
}

/// Decides and calculates. The quote is not kept yet.
///
/// # Errors
/// As [`quote`].
pub async fn make(
    conn: &mut Conn,
    kept: &Kept,
    selection: Selection,
    counts: Counts,
    (user_id, now): (&str, Timestamp),
    limits: &Limits,
) -> Result<KeptQuote, Refusal> {
    let taken = counts.taken(conn, &kept.id).await?;
    selection.check(&kept.booking, &taken, now)?;
    let incident = incident_of(conn, kept, &selection).await?;
    let known = Known { incident, is_first: taken.is_empty(), newest_ordinal: counts.newest_ordinal };
    reckon_by(conn, counts.terms, kept, selection, known, (user_id, now), limits).await
}

/// The confirmed incident behind an involuntary refund.
async fn incident_of(conn: &mut Conn, kept: &Kept, selection: &Selection) -> Result<Option<Incident>, sqlx::Error> {
    match selection.reason {
        Reason::Involuntary => incidents::store::proving(conn, &kept.id).await,
        Reason::Voluntary | Reason::Void => Ok(None),
    }
}

/// Calculates whatever was selected. Whether it may be refunded is decided elsewhere.
///
/// # Errors
/// As [`quote`].
pub async fn reckon(
    conn: &mut Conn,
    kept: &Kept,
    selection: Selection,
    user_id: &str,
    limits: &Limits,
    now: Timestamp,
) -> Result<KeptQuote, Refusal> {
    let counts = taken_store::counts_of(conn, &kept.id).await?;
    let known = Known {
        incident: incident_of(conn, kept, &selection).await?,
        is_first: counts.taken(conn, &kept.id).await?.is_empty(),
        newest_ordinal: counts.newest_ordinal,
    };
    reckon_by(conn, counts.terms, kept, selection, known, (user_id, now), limits).await
}

/// As [`reckon_known`], by the terms of a revision.
async fn reckon_by(
    conn: &mut Conn,
    terms: i64,
    kept: &Kept,
    selection: Selection,
    known: Known,
    who: (&str, Timestamp),
    limits: &Limits,
) -> Result<KeptQuote, Refusal> {
    let mut shelf = Shelf::of(terms);
    let quote = reckon_known(conn, &mut shelf, kept, selection, known, who, limits).await;
    shelf.keep(terms);
    quote
}

/// What else a quote depends on.
#[derive(Debug, Default)]
pub struct Known {
    /// The confirmed incident of an involuntary refund.
    pub incident: Option<Incident>,
    /// Whether nothing of the order is in a refund yet.
    pub is_first: bool,
    pub newest_ordinal: i64,
}

/// As [`reckon`], where everything else is known already.
///
/// # Errors
/// As [`quote`].
pub async fn reckon_known(
    conn: &mut Conn,
    shelf: &mut Shelf,
    kept: &Kept,
    selection: Selection,
    known: Known,
    (user_id, now): (&str, Timestamp),
    limits: &Limits,
) -> Result<KeptQuote, Refusal> {
    let incident = known.incident;
    let mut facts = bookings_facts::of(&kept.booking, &selection.passengers, selection.reason, now);
    facts.event = incident.as_ref().and_then(|incident| incident.event(&kept.booking));
    let rules = shelf.rules.choose(conn, &facts).await?;
    shelf.rates.add_rates(conn, &mut facts, &rules, limits.rate_max_age_days).await?;
    if rules.no_go {
        rule_sets::no_go_store::add_check_in(conn, &mut facts).await?;
    }
    // A fee per order is taken once, with the first of its refunds.
    if !known.is_first && matches!(facts.service_fee, ServiceFee::PerOrder(_)) {
        facts.service_fee = ServiceFee::None;
    }
    let mut answer = refund_calculation::calculate(&facts, &rules).map_err(Refusal::Calculation)?;
    let cancelled = incident.as_ref().is_some_and(|incident| incident.outcome.is_some_and(Outcome::is_cancellation));
    if facts.event.is_some() && law_decides_nothing(&answer, cancelled) {
        facts.event = None;
        answer = refund_calculation::calculate(&facts, &rules).map_err(Refusal::Calculation)?;
    }
    let expires = now.saturating_add(jiff::SignedDuration::from_mins(limits.quote_minutes)).unwrap_or_else(|_| plus_hours(now, 2));
    Ok(KeptQuote {
        id: new_id(),
        order_id: kept.id.clone(),
        agency_id: kept.agency_id.clone(),
        ordinal: known.newest_ordinal + 1,
        selection,
        facts: json(&facts)?,
        answer,
        created_by: user_id.to_owned(),
        created_at: now,
        expires_at: expires,
    })
}

/// Whether the law leaves it to the airline: it cannot be judged from what is known, or the airline cancelled where no
/// law says anything. Airlines give all back for a flight that they cancel.
fn law_decides_nothing(answer: &Quote, cancelled: bool) -> bool {
    let unknown = [ReasonCode::EventMissing, ReasonCode::CarrierCountryMissing, ReasonCode::UnknownAirport];
    unknown.iter().any(|reason| answer.reasons.contains(reason)) || (cancelled && answer.reasons.contains(&ReasonCode::NoInvoluntaryRight))
}
