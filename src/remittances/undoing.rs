//! Undoing a match: a reversal, never a change. The refund waits for the airline's money again, and its lines are open.

use super::matching::NotMatched;
use super::model::{Allocation, AllocationState, Finding, Line};
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

/// Undoes a match, and with it all others of the same refund, whose money came together. A second press finds nothing to
/// undo.
///
/// # Errors
/// `Absent`, `Overtaken`, or `BelowFloor` when the agency's deposit no longer holds the credit.
pub async fn undo(db: &Db, actor: Actor, share: Allocation, now: Timestamp) -> Result<(), NotMatched> {
    db.write(move |conn| Box::pin(async move { undo_in(conn, &actor, &share, now).await })).await
}

async fn undo_in(conn: &mut Conn, actor: &Actor, pressed: &Allocation, now: Timestamp) -> Result<(), NotMatched> {
    let refund = refunds::find(conn, &Scope::Operator, &pressed.refund_no).await?.ok_or(NotMatched::Absent)?;
    let settled = allocation_store::allocations_of_refund(conn, &refund.id, AllocationState::Settled).await?;
    let held = allocation_store::allocations_of_refund(conn, &refund.id, AllocationState::Held).await?;
    if !settled.iter().chain(&held).any(|share| share.id == pressed.id) {
        return Ok(());
    }
    // The refund's version comes first: whoever changed what it holds meanwhile is noticed before anything moves.
    let hand = Hand { actor, now, source: Account::own(AccountKind::AirlineCash), tells: !settled.is_empty() };
    let verb = if settled.is_empty() { Verb::Release } else { Verb::TakeBack };
    desk_actions::carry_out(conn, refund.clone(), &verb, &hand).await?;
    for (state, read) in [(AllocationState::Settled, settled.len()), (AllocationState::Held, held.len())] {
        let moved = allocation_store::move_allocations(conn, &refund.id, state, AllocationState::Undone).await?;
        if usize::try_from(moved).ok() != Some(read) {
            return Err(NotMatched::Overtaken);
        }
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
