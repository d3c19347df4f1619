//! Submitting a quote: it becomes a refund, once, however often and by however many people the button is pressed.

use super::model::{Coupon, Kind, Refund, Status};
use super::quote_store::{self, KeptQuote};
use super::refusal::Refusal;
use super::{quoting, store};
use crate::bookings::store as bookings;
use crate::bookings::store::Kept;
use crate::config::Limits;
use crate::db::{Conn, Db};
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::Actor;
use crate::kernel::id::new_id;
use crate::kernel::time::{Timestamp, plus_hours, utc_day};
use crate::web::once::{self, Earlier};

/// Who submits which quote.
#[derive(Debug, Clone)]
pub struct Submission {
    pub actor: Actor,
    pub order_no: String,
    pub quote_id: String,
    pub once_key: String,
}

/// What became of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The refund's number: new, or of the first press of the button.
    Submitted(String),
    /// The quote had expired or was overtaken: here is the new one, nothing was submitted.
    QuotedAnew(String),
}

/// Submits. The server decides everything again: rights, rules, amounts.
///
/// # Errors
/// The rule that is broken.
pub async fn submit(db: &Db, submission: Submission, limits: &Limits, now: Timestamp) -> Result<Outcome, Refusal> {
    let limits = limits.clone();
    db.write(move |conn| Box::pin(async move { submit_in(conn, &submission, &limits, now).await })).await
}

async fn submit_in(conn: &mut Conn, submission: &Submission, limits: &Limits, now: Timestamp) -> Result<Outcome, Refusal> {
    let actor = &submission.actor;
    let kept = bookings::find(conn, &actor.scope(), &submission.order_no).await?.ok_or(Refusal::Absent)?;
    bookings::hold(conn, &kept.id).await?;
    let request = format!("refund {} {}", kept.id, submission.quote_id);
    match once::recall(conn, &actor.user_id, &submission.once_key, &request).await? {
        Earlier::Same(number) => return Ok(Outcome::Submitted(number)),
        Earlier::Different => return Err(Refusal::KeyReused),
        Earlier::Nothing => {}
    }
    // Somebody else pressed the same button: the same refund for both.
    if let Some(number) = store::number_of_quote(conn, &submission.quote_id).await? {
        return Ok(Outcome::Submitted(number));
    }
    let quote = quote_store::find(conn, &kept.id, &submission.quote_id).await?.ok_or(Refusal::Absent)?;
    let fresh = quoting::make(conn, &kept, quote.selection.clone(), &actor.user_id, limits, now).await?;
    let newest = quote.ordinal + 1 == fresh.ordinal;
    if now >= quote.expires_at || !newest || fresh.answer.totals != quote.answer.totals || fresh.answer.verdict != quote.answer.verdict {
        quote_store::insert(conn, &fresh).await?;
        return Ok(Outcome::QuotedAnew(fresh.id));
    }
    if quote.answer.gives_nothing() {
        return Err(Refusal::NothingToRefund);
    }
    let number = store::next_number(conn, &utc_day(now).strftime("%Y%m").to_string()).await?;
    let refund = refund_of(&kept, &quote, number, actor, limits, now);
    store::insert(conn, &refund, &coupons_of(&kept, &quote)).await?;
    bookings::mark_refund(conn, &kept.id).await?;
    let details = serde_json::json!({ "version": refund.version, "estimated": refund.estimated });
    journal::write(conn, Subject::Refund, &refund.id, "registered", &Author::from(actor), &details, now).await?;
    once::remember(conn, &actor.user_id, &submission.once_key, &request, &refund.number, now).await?;
    Ok(Outcome::Submitted(refund.number))
}

fn refund_of(kept: &Kept, quote: &KeptQuote, number: String, actor: &Actor, limits: &Limits, now: Timestamp) -> Refund {
    let (booking, totals) = (&kept.booking, &quote.answer.totals);
    Refund {
        id: new_id(),
        number,
        agency_id: kept.agency_id.clone(),
        order_id: kept.id.clone(),
        quote_id: quote.id.clone(),
        kind: Kind::Refund,
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
        penalty: totals.penalty,
        estimated: totals.refund,
        service_fee: totals.service_fee,
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
        submit_by: plus_hours(now, limits.submit_within_hours),
        deadline_missed_at: None,
        submitted_at: None,
        follow_up_from: None,
        confirmed_at: None,
        expected_on: None,
        received_on: None,
        received_at: None,
        closed_at: None,
    }
}

fn coupons_of(kept: &Kept, quote: &KeptQuote) -> Vec<Coupon> {
    let passengers = kept.booking.passengers.iter().filter(|passenger| quote.selection.passengers.contains(&passenger.no));
    let of = |passenger: &crate::bookings::model::Passenger| {
        let (passenger_no, passenger_name) = (passenger.no, passenger.name.clone());
        let coupon = move |segment_no: &i64| Coupon { passenger_no, passenger_name: passenger_name.clone(), segment_no: *segment_no };
        quote.selection.segments.iter().map(coupon).collect::<Vec<_>>()
    };
    passengers.flat_map(of).collect()
}
