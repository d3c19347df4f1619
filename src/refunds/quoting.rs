//! Making a quote: what a refund of this selection would come to, kept for two hours.

use super::quote_store::{self, KeptQuote};
use super::refusal::Refusal;
use super::selection::Selection;
use super::{store, translation};
use crate::bookings::store as bookings;
use crate::bookings::store::Kept;
use crate::config::Limits;
use crate::db::{Conn, Db};
use crate::kernel::actor::Scope;
use crate::kernel::id::new_id;
use crate::kernel::time::{Timestamp, plus_hours};
use crate::refund_calculation::facts::ServiceFee;
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
/// # Errors
/// The rule that the selection breaks.
pub async fn quote(db: &Db, asked: Asked, limits: &Limits, now: Timestamp) -> Result<KeptQuote, Refusal> {
    let limits = limits.clone();
    db.write(move |conn| {
        Box::pin(async move {
            let kept = bookings::find(conn, &asked.scope, &asked.order_no).await?.ok_or(Refusal::Absent)?;
            bookings::hold(conn, &kept.id).await?;
            let quote = make(conn, &kept, asked.selection, &asked.user_id, &limits, now).await?;
            quote_store::insert(conn, &quote).await?;
            Ok(quote)
        })
    })
    .await
}

/// Decides and calculates, in a transaction that holds the order. The quote is not kept yet.
///
/// # Errors
/// As [`quote`].
pub async fn make(
    conn: &mut Conn,
    kept: &Kept,
    selection: Selection,
    user_id: &str,
    limits: &Limits,
    now: Timestamp,
) -> Result<KeptQuote, Refusal> {
    let taken = store::taken(conn, &kept.id).await?;
    selection.check(&kept.booking, &taken, now)?;
    let mut facts = translation::without_rates(&kept.booking, &selection, now);
    let rules = rule_sets::store::choose(conn, &facts).await?;
    translation::add_rates(conn, &mut facts, &rules, limits.rate_max_age_days).await?;
    if rules.no_go {
        rule_sets::no_go_store::add_check_in(conn, &mut facts).await?;
    }
    // A fee per order is taken once, with the first of its refunds.
    if !taken.is_empty() && matches!(facts.service_fee, ServiceFee::PerOrder(_)) {
        facts.service_fee = ServiceFee::None;
    }
    let answer = refund_calculation::calculate(&facts, &rules).map_err(Refusal::Calculation)?;
    let expires = now.saturating_add(jiff::SignedDuration::from_mins(limits.quote_minutes)).unwrap_or_else(|_| plus_hours(now, 2));
    Ok(KeptQuote {
        id: new_id(),
        order_id: kept.id.clone(),
        agency_id: kept.agency_id.clone(),
        ordinal: quote_store::newest_ordinal(conn, &kept.id).await? + 1,
        selection,
        facts: serde_json::to_string(&facts).map_err(|error| sqlx::Error::Encode(error.into()))?,
        answer,
        created_by: user_id.to_owned(),
        created_at: now,
        expires_at: expires,
    })
}
