//! A quote becomes a refund: the one way in, for the slide-out, claims, voids and offers alike.

use super::model::{Coupon, Kind, Refund, Status};
use super::quote_store::KeptQuote;
use super::refusal::Refusal;
use super::{store, wording};
use crate::agencies::store as agencies;
use crate::attachments::store::{self as attachments, Home};
use crate::bookings::model::Passenger;
use crate::bookings::store as bookings;
use crate::bookings::store::Kept;
use crate::config::Limits;
use crate::db::{Conn, is_duplicate, numbers};
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::Actor;
use crate::kernel::id::new_id;
use crate::kernel::money::Money;
use crate::kernel::time::{Date, Timestamp, plus_hours, utc_day};
use crate::notices;

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

/// Registers a refund in a transaction that holds the order.
///
/// # Errors
/// `AlreadyInRefund`, or the database's own.
pub async fn register(
    conn: &mut Conn,
    kept: &Kept,
    quote: &KeptQuote,
    beginning: Beginning,
    actor: &Actor,
    limits: &Limits,
    now: Timestamp,
) -> Result<Refund, Refusal> {
    let number = numbers::next(conn, "refund", &utc_day(now).strftime("%Y%m").to_string()).await?;
    let refund = refund_of(kept, quote, number, &beginning, actor, limits, now);
    let taken = |error: sqlx::Error| if is_duplicate(&error) { Refusal::AlreadyInRefund("–".to_owned()) } else { error.into() };
    store::insert(conn, &refund, &coupons_of(kept, quote)).await.map_err(taken)?;
    let home = Home { case_kind: "refund", case_id: &refund.id, agency_id: &refund.agency_id };
    let bound = attachments::bind(conn, &beginning.proof, &actor.user_id, home, None, false).await?;
    if bound < beginning.proof.len() {
        return Err(Refusal::ProofGone);
    }
    bookings::mark_refund(conn, &kept.id).await?;
    let details = serde_json::json!({ "version": refund.version, "estimated": refund.estimated, "files": bound });
    let happened = if refund.kind == Kind::Claim { "claimed" } else { "registered" };
    journal::write(conn, Subject::Refund, &refund.id, happened, &Author::from(actor), &details, now).await?;
    let recipients = agencies::audience(conn, None, None).await?;
    notices::store::post(conn, &recipients, &wording::case(&refund), &wording::begun(&refund), now).await?;
    Ok(refund)
}

fn refund_of(
    kept: &Kept,
    quote: &KeptQuote,
    number: String,
    beginning: &Beginning,
    actor: &Actor,
    limits: &Limits,
    now: Timestamp,
) -> Refund {
    let (booking, totals) = (&kept.booking, &quote.answer.totals);
    let claimed = beginning.claim.and_then(|(_, expected)| expected);
    let usual = plus_hours(now, limits.submit_within_hours);
    Refund {
        id: new_id(),
        number,
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
