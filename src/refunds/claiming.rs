//! Refund claims: the agency or the passenger has asked the airline already, and the airline has said yes. The operator
//! only waits for the money.

use std::collections::BTreeSet;

use super::model::{Reason, Refund};
use super::refusal::Refusal;
use super::registering::{self, Beginning};
use super::selection::Selection;
use super::{quote_store, quoting, taken_store};
use crate::bookings::model::{PaymentChannel, Status};
use crate::bookings::store::{self as bookings, Kept};
use crate::config::Limits;
use crate::db::{Conn, Db};
use crate::kernel::actor::Actor;
use crate::kernel::money::Money;
use crate::kernel::time::{Date, Timestamp, utc_day};
use crate::web::once::{self, Earlier};

/// A claim on its way.
#[derive(Debug, Clone)]
pub struct Claim {
    pub actor: Actor,
    pub order_no: String,
    pub passengers: BTreeSet<i64>,
    pub segments: BTreeSet<i64>,
    pub reason: Reason,
    /// When the airline says it paid, or will.
    pub fulfilled_on: Date,
    pub expected: Option<Money>,
    /// Drafts that prove that the airline confirmed.
    pub proof: Vec<String>,
    pub once_key: String,
    pub request_id: Option<String>,
}

/// Claims. The same form again gets the first answer.
///
/// # Errors
/// The rule that is broken.
pub async fn claim(db: &Db, claim: Claim, limits: &Limits, now: Timestamp) -> Result<String, Refusal> {
    let limits = limits.clone();
    db.write(move |conn| {
        Box::pin(async move {
            let request = format!("claim {} {:?} {:?}", claim.order_no, claim.passengers, claim.fulfilled_on);
            // The second press waits here for the first.
            let kept = bookings::held(conn, &claim.actor.scope(), &claim.order_no).await?.ok_or(Refusal::Absent)?;
            match once::recall(conn, &claim.actor.user_id, &claim.once_key, &request).await? {
                Earlier::Same(number) => return Ok(number),
                Earlier::Different => return Err(Refusal::KeyReused),
                Earlier::Nothing => {}
            }
            let (user_id, once_key) = (claim.actor.user_id.clone(), claim.once_key.clone());
            let refund = claim_held(conn, &kept, claim, &limits, now).await?;
            once::remember(conn, &user_id, &once_key, &request, &refund.number, now).await?;
            Ok(refund.number)
        })
    })
    .await
}

/// Claims, in the caller's transaction.
///
/// # Errors
/// As [`claim`].
pub async fn claim_in(conn: &mut Conn, claim: Claim, limits: &Limits, now: Timestamp) -> Result<Refund, Refusal> {
    let kept = bookings::held(conn, &claim.actor.scope(), &claim.order_no).await?.ok_or(Refusal::Absent)?;
    claim_held(conn, &kept, claim, limits, now).await
}

async fn claim_held(conn: &mut Conn, kept: &Kept, claim: Claim, limits: &Limits, now: Timestamp) -> Result<Refund, Refusal> {
    if kept.booking.payment_channel == PaymentChannel::Vcc {
        return Err(Refusal::PaidByCard);
    }
    if !matches!(kept.booking.status, Status::Ticketed | Status::Cancelled) {
        return Err(Refusal::NotTicketed);
    }
    if claim.proof.is_empty() {
        return Err(Refusal::ProofNeeded);
    }
    if !is_likely(claim.fulfilled_on, utc_day(kept.booking.created_at), utc_day(now)) {
        return Err(Refusal::FulfilledOnUnlikely);
    }
    let selection = Selection { passengers: claim.passengers, segments: claim.segments, reason: claim.reason };
    let taken = taken_store::taken(conn, &kept.id).await?;
    selection.check_known(&kept.booking, &taken)?;
    let quote = quoting::reckon(conn, kept, selection, &claim.actor.user_id, limits, now).await?;
    quote_store::insert(conn, &quote).await?;
    let beginning = Beginning {
        claim: Some((claim.fulfilled_on, claim.expected)),
        request_id: claim.request_id,
        proof: claim.proof,
        ..Beginning::default()
    };
    registering::register(conn, kept, &quote, beginning, &claim.actor, limits, now).await
}

/// Whether an airline can have paid on a day: payment may be announced, but not for long after; and not from before the
/// sale.
#[must_use]
pub fn is_likely(fulfilled_on: Date, sold_on: Date, today: Date) -> bool {
    let latest = today.checked_add(jiff::Span::new().days(90)).unwrap_or(today);
    (sold_on..=latest).contains(&fulfilled_on)
}
