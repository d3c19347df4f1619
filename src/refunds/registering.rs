//! A quote becomes a refund: the one way in, for the slide-out, claims, voids and offers alike.

use super::model::{BatchPlace, Coupon, Kind, Refund, Status};
use super::quote_store::KeptQuote;
use super::refusal::Refusal;
use super::{store, wording};
use crate::agencies::store as agencies;
use crate::attachments::store::{self as attachments, Home};
use crate::bookings::model::Passenger;
use crate::bookings::store as bookings;
use crate::bookings::store::Kept;
use crate::config::Limits;
use crate::db::rows::{self, Insertion};
use crate::db::{Conn, is_duplicate, numbers};
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::Actor;
use crate::kernel::id::new_id;
use crate::kernel::money::Money;
use crate::kernel::time::{Date, Timestamp, plus_hours, utc_day};
use crate::notices::model::Recipient;
use crate::notices::store as notices;

/// What the refund is begun with, beside the quote.
#[derive(Debug, Clone, Default)]
pub struct Beginning {
    /// Of a claim: when the airline says it paid, and what the agency expects.
    pub claim: Option<(Date, Option<Money>)>,
    /// What was agreed instead of the quote's own totals.
    pub agreed: Option<Agreed>,
    /// The service request that it comes from.
    pub request_id: Option<String>,
    /// Drafts that prove it.
    pub proof: Vec<String>,
    /// The batch that it comes in.
    pub batch: Option<BatchPlace>,
    /// When it must be with the airline, where that is sooner than usual.
    pub submit_before: Option<Timestamp>,
}

/// Amounts that were offered and accepted.
#[derive(Debug, Clone, Copy)]
pub struct Agreed {
    pub penalty: Money,
    pub refund: Money,
    pub service_fee: Money,
}

/// A refund on its way in: its order, its quote, what else it begins with, and who begins it.
#[derive(Debug)]
pub struct Entrant<'a> {
    pub kept: &'a Kept,
    pub quote: &'a KeptQuote,
    pub beginning: Beginning,
    pub actor: &'a Actor,
}

/// So many refunds are written with what belongs to them by one statement. Of more, what bears no number is written before the
/// numbers are taken.
const TOGETHER: usize = 64;

/// Refunds that have their numbers and are not written down yet.
#[derive(Debug)]
pub struct Registration {
    refunds: Vec<(Refund, Vec<Coupon>)>,
    rows: Vec<Insertion<'static>>,
}

/// Registers a refund in a transaction that holds the order, and tells the operator's team.
///
/// # Errors
/// `AlreadyInRefund`, `ProofGone`, or the database's own.
pub async fn register(
    conn: &mut Conn,
    kept: &Kept,
    quote: &KeptQuote,
    beginning: Beginning,
    actor: &Actor,
    limits: &Limits,
    now: Timestamp,
) -> Result<Refund, Refusal> {
    let recipients = agencies::audience(conn, None, None).await?;
    let mut registration = begin(conn, vec![Entrant { kept, quote, beginning, actor }], limits, now).await?;
    registration.tell(&recipients, now)?;
    registration.write(conn).await?.pop().ok_or(Refusal::Absent)
}

/// Begins to register refunds in a transaction that holds their orders: from here on whoever else registers waits, because
/// numbers leave none out. What can be done before is done before; what is left is [`Registration::write`].
///
/// # Errors
/// `ProofGone`, or the database's own.
pub async fn begin(conn: &mut Conn, entrants: Vec<Entrant<'_>>, limits: &Limits, now: Timestamp) -> Result<Registration, Refusal> {
    let begin = |entrant: &Entrant<'_>| (refund_of(entrant, limits, now), coupons_of(entrant.kept, entrant.quote));
    let mut refunds: Vec<(Refund, Vec<Coupon>)> = entrants.iter().map(begin).collect();
    for (entrant, (refund, _)) in entrants.iter().zip(&refunds).filter(|(entrant, _)| !entrant.beginning.proof.is_empty()) {
        let home = Home { case_kind: "refund", case_id: &refund.id, agency_id: &refund.agency_id };
        let proof = &entrant.beginning.proof;
        if attachments::bind(conn, proof, &entrant.actor.user_id, home, None, false).await? < proof.len() {
            return Err(Refusal::ProofGone);
        }
    }
    let mut rows = vec![bookings::refund_marks(entrants.iter().map(|entrant| entrant.kept))];
    for (kind, happened) in [(Kind::Refund, "registered"), (Kind::Claim, "claimed")] {
        let of_kind = entrants.iter().zip(&refunds).filter(|(_, (refund, _))| refund.kind == kind);
        let events =
            of_kind.map(|(entrant, (refund, _))| (Author::from(entrant.actor), refund.id.clone(), details(refund, &entrant.beginning)));
        rows.push(journal::entries(Subject::Refund, happened, events, now));
    }
    if entrants.len() > TOGETHER {
        rows::insert_all(conn, std::mem::take(&mut rows)).await?;
    }
    let month = utc_day(now).strftime("%Y%m").to_string();
    let numbers = numbers::next_many(conn, "refund", &month, entrants.len()).await?;
    for ((refund, _), number) in refunds.iter_mut().zip(numbers) {
        refund.number = number;
    }
    rows.extend(store::entries(&refunds));
    Ok(Registration { refunds, rows })
}

impl Registration {
    /// The refunds, in the order of those who brought them.
    pub fn refunds(&self) -> impl Iterator<Item = &Refund> {
        self.refunds.iter().map(|(refund, _)| refund)
    }

    /// Tells these people of each.
    ///
    /// # Errors
    /// When sentences cannot be written down.
    pub fn tell(&mut self, recipients: &[Recipient], now: Timestamp) -> Result<(), sqlx::Error> {
        let told: Vec<_> = self.refunds().map(|refund| (wording::case(refund), wording::begun(refund))).collect();
        let told: Vec<_> = told.iter().map(|(case, sentences)| (case, sentences.as_slice())).collect();
        self.rows.push(notices::entries(recipients, &told, now)?);
        Ok(())
    }

    /// Adds what is to be written with them.
    pub fn add(&mut self, rows: Insertion<'static>) {
        self.rows.push(rows);
    }

    /// Writes them down.
    ///
    /// # Errors
    /// `AlreadyInRefund`, or the database's own; then none is registered.
    pub async fn write(self, conn: &mut Conn) -> Result<Vec<Refund>, Refusal> {
        let taken = |error: sqlx::Error| if is_duplicate(&error) { Refusal::AlreadyInRefund("–".to_owned()) } else { error.into() };
        rows::insert_all(conn, self.rows).await.map_err(taken)?;
        Ok(self.refunds.into_iter().map(|(refund, _)| refund).collect())
    }
}

fn details(refund: &Refund, beginning: &Beginning) -> serde_json::Value {
    serde_json::json!({ "version": refund.version, "estimated": refund.estimated, "files": beginning.proof.len() })
}

fn refund_of(entrant: &Entrant<'_>, limits: &Limits, now: Timestamp) -> Refund {
    let Entrant { kept, quote, beginning, actor } = entrant;
    let (booking, totals) = (&kept.booking, &quote.answer.totals);
    let claimed = beginning.claim.and_then(|(_, expected)| expected);
    let usual = plus_hours(now, limits.submit_within_hours);
    Refund {
        id: new_id(),
        // Given last.
        number: String::new(),
        agency_id: kept.agency_id.clone(),
        order_id: kept.id.clone(),
        quote_id: quote.id.clone(),
        kind: if beginning.claim.is_some() { Kind::Claim } else { Kind::Refund },
        status: Status::AtlasProcessing,
        payment_channel: booking.payment_channel,
        reason: quote.selection.reason,
        order_no: booking.order_no.clone(),
        airline_pnr: booking.airline_pnr().to_owned(),
        airline: booking.segments[0].carrier.clone(),
        airlines: booking.airlines(),
        full_refund: quote.selection.is_full(booking),
        currency: booking.currency,
        original: totals.original,
        penalty: beginning.agreed.map(|agreed| agreed.penalty).or(totals.penalty),
        // Of a claim the agency knows best what the airline said.
        estimated: beginning.agreed.map(|agreed| agreed.refund).or(claimed).or(totals.refund),
        service_fee: beginning.agreed.map_or(totals.service_fee, |agreed| agreed.service_fee),
        airline_amount: None,
        actual: None,
        difference: None,
        refusal: None,
        refusal_note: None,
        airline_reference: None,
        receipt_reference: None,
        assignee_id: None,
        version: 1,
        ticketed_on: utc_day(booking.created_at),
        departure_on: booking.segments[0].departure_local.date(),
        registered_at: now,
        registered_by: actor.user_id.clone(),
        submit_by: beginning.submit_before.map_or(usual, |before| before.min(usual)),
        deadline_missed_at: None,
        submitted_at: None,
        follow_up_from: None,
        confirmed_at: None,
        expected_on: None,
        received_on: None,
        received_at: None,
        closed_at: None,
        fulfilled_on: beginning.claim.map(|(day, _)| day),
        claimed,
        request_id: beginning.request_id.clone(),
        batch: beginning.batch.clone(),
        round: 0,
        held: Money::zero(booking.currency),
        confirmed_by_money: false,
    }
}

fn coupons_of(kept: &Kept, quote: &KeptQuote) -> Vec<Coupon> {
    let passengers = kept.booking.passengers.iter().filter(|passenger| quote.selection.passengers.contains(&passenger.no));
    let of = |passenger: &Passenger| {
        let (passenger_no, passenger_name) = (passenger.no, passenger.name.clone());
        let coupon = move |segment_no: &i64| Coupon { passenger_no, passenger_name: passenger_name.clone(), segment_no: *segment_no };
        quote.selection.segments.iter().map(coupon).collect::<Vec<_>>()
    };
    passengers.flat_map(of).collect()
}
