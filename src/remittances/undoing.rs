//! Undoing a match: a reversal, never a change. The refund waits for the airline's money again, and its lines are open.

use super::matching::NotMatched;
use super::model::{AllocationState, Finding, Line};
use super::store;
use super::{allocation_store, line_store};
use crate::db::{Conn, Db};
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::{Actor, Scope};
use crate::kernel::money::Money;
use crate::kernel::time::Timestamp;
use crate::ledger::AccountKind;
use crate::ledger::posting::Account;
use crate::refunds::desk_actions::{self, Hand};
use crate::refunds::state::Verb;
use crate::refunds::store as refunds;

/// Undoes all matches of a refund. A second press finds nothing to undo.
///
/// # Errors
/// `Absent`, `Overtaken`, or `BelowFloor` when the agency's deposit no longer holds the credit.
pub async fn undo(db: &Db, actor: Actor, refund_no: String, now: Timestamp) -> Result<(), NotMatched> {
    db.write(move |conn| Box::pin(async move { undo_in(conn, &actor, &refund_no, now).await })).await
}

async fn undo_in(conn: &mut Conn, actor: &Actor, refund_no: &str, now: Timestamp) -> Result<(), NotMatched> {
    let refund = refunds::find(conn, &Scope::Operator, refund_no).await?.ok_or(NotMatched::Absent)?;
    let settled = allocation_store::allocations_of_refund(conn, &refund.id, AllocationState::Settled).await?;
    let held = allocation_store::allocations_of_refund(conn, &refund.id, AllocationState::Held).await?;
    if settled.is_empty() && held.is_empty() {
        return Ok(());
    }
    if !settled.is_empty() {
        let hand = Hand { actor, now, source: Account::own(AccountKind::AirlineCash), tells: true };
        desk_actions::carry_out(conn, refund.clone(), &Verb::TakeBack, &hand).await?;
    }
    for state in [AllocationState::Settled, AllocationState::Held] {
        allocation_store::move_allocations(conn, &refund.id, state, AllocationState::Undone).await?;
    }
    let shares: Vec<_> = settled.into_iter().chain(held).collect();
    let ids: Vec<String> = shares.iter().map(|share| share.line_id.clone()).collect();
    for line in line_store::lines_of_ids(conn, &ids).await? {
        let back: i64 = shares.iter().filter(|share| share.line_id == line.id).map(|share| share.amount.minor).sum();
        reopen(conn, line, back).await?;
    }
    let details = serde_json::json!({ "refund": refund.number, "lines": ids.len() });
    for line_id in &ids {
        journal::write(conn, Subject::Remittance, line_id, "unmatched", &Author::from(actor), &details, now).await?;
    }
    Ok(())
}

/// So much of a line is open again.
async fn reopen(conn: &mut Conn, line: Line, back: i64) -> Result<(), NotMatched> {
    let matched = Money::new(line.matched.minor - back, line.currency());
    let mut after = Line { matched, finding: Finding::Unknown, proposals: Vec::new(), ..line };
    after.status = after.settled_status();
    if !line_store::save_line(conn, &after).await? {
        return Err(NotMatched::Overtaken);
    }
    Ok(store::shift_totals(conn, &after, -back, 0).await?)
}
