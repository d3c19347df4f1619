//! Where the money goes, and the last steps of the trace.

use super::quote::Quote;
use super::trace::Step;

/// Ends the trace with the totals, the operator's fee and the destination.
pub fn settle(quote: &Quote, trace: &mut Vec<Step>) {
    if let (Some(penalty), Some(refund)) = (quote.totals.penalty, quote.totals.refund) {
        trace.push(Step::Total { original: quote.totals.original, penalty, refund });
    }
    if !quote.totals.service_fee.is_zero() {
        trace.push(Step::ServiceFee { amount: quote.totals.service_fee });
    }
    trace.push(Step::Destination { destination: quote.destination });
}
