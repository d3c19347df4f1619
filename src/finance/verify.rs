//! `afterfare verify`: the books, recomputed, against themselves and against the refunds.

use crate::db::Db;
use crate::ledger::verify::{self, Extent};

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub extent: Extent,
    pub refunds: i64,
    /// Each difference in a sentence; none when the books are clean.
    pub differences: Vec<String>,
}

/// One rule over refunds and transfers: a query for the refunds that break it, and the sentence about them.
struct Rule {
    query: &'static str,
    says: &'static str,
}

/// A refund's transfers of one kind, less those reversed. Every query answers the refund's number and two figures.
const RULES: &[Rule] = &[
    Rule {
        query: "SELECT r.number, CAST(COUNT(t.id) AS BIGINT), CAST(1 AS BIGINT) FROM refunds r \
                LEFT JOIN transfers t ON t.refund_id = r.id AND t.kind = 'refund-credit' AND NOT EXISTS (SELECT 1 FROM transfers v WHERE v.reverses_id = t.id) \
                WHERE r.status = 'refunded' \
                GROUP BY r.id, r.number HAVING COUNT(t.id) <> 1 ORDER BY r.number",
        says: "has {0} credits, but a credited refund has exactly {1}",
    },
    Rule {
        query: "SELECT r.number, t.amount_minor, COALESCE(r.actual_minor, -1) FROM refunds r JOIN transfers t ON t.refund_id = r.id \
                WHERE t.kind = 'refund-credit' AND t.amount_minor <> COALESCE(r.actual_minor, -1) AND NOT EXISTS (SELECT 1 FROM transfers v WHERE v.reverses_id = t.id) \
                ORDER BY r.number",
        says: "was credited with {0}, but {1} came (minor units)",
    },
    Rule {
        query: "SELECT r.number, CAST(COALESCE(SUM(t.amount_minor), 0) AS BIGINT), r.service_fee_minor FROM refunds r \
                LEFT JOIN transfers t ON t.refund_id = r.id AND t.kind = 'service-fee' AND NOT EXISTS (SELECT 1 FROM transfers v WHERE v.reverses_id = t.id) \
                WHERE r.status = 'refunded' \
                GROUP BY r.id, r.number, r.service_fee_minor HAVING COALESCE(SUM(t.amount_minor), 0) <> r.service_fee_minor ORDER BY r.number",
        says: "paid a service fee of {0}, but its fee is {1} (minor units)",
    },
    Rule {
        query: "SELECT r.number, CAST(COUNT(t.id) AS BIGINT), CAST(0 AS BIGINT) FROM refunds r JOIN transfers t ON t.refund_id = r.id \
                WHERE t.kind IN ('refund-credit', 'service-fee') AND r.status <> 'refunded' \
                AND NOT EXISTS (SELECT 1 FROM transfers v WHERE v.reverses_id = t.id) GROUP BY r.id, r.number ORDER BY r.number",
        says: "has {0} transfers to a deposit although it is not credited; there should be {1}",
    },
    Rule {
        query: "SELECT r.number, CAST(COUNT(t.id) AS BIGINT), CAST(0 AS BIGINT) FROM refunds r JOIN transfers t ON t.refund_id = r.id \
                WHERE r.payment_channel = 'vcc' GROUP BY r.id, r.number ORDER BY r.number",
        says: "is paid to a card, but has {0} transfers; there should be {1}",
    },
    Rule {
        query: "SELECT r.number, CAST(COALESCE(SUM(t.amount_minor), 0) AS BIGINT), r.actual_minor FROM refunds r \
                LEFT JOIN transfers t ON t.refund_id = r.id AND t.kind = 'airline-money' AND NOT EXISTS (SELECT 1 FROM transfers v WHERE v.reverses_id = t.id) \
                WHERE r.actual_minor IS NOT NULL \
                GROUP BY r.id, r.number, r.actual_minor HAVING COALESCE(SUM(t.amount_minor), 0) <> r.actual_minor ORDER BY r.number",
        says: "has airline money of {0} in the books, but {1} came (minor units)",
    },
    Rule {
        query: "SELECT r.number, CAST(COALESCE(SUM(t.amount_minor), 0) AS BIGINT), r.airline_minor FROM refunds r \
                LEFT JOIN transfers t ON t.refund_id = r.id AND t.kind = 'airline-confirmed' AND NOT EXISTS (SELECT 1 FROM transfers v WHERE v.reverses_id = t.id) \
                WHERE r.airline_minor IS NOT NULL AND (r.status <> 'rejected' OR r.actual_minor IS NOT NULL) \
                GROUP BY r.id, r.number, r.airline_minor HAVING COALESCE(SUM(t.amount_minor), 0) <> r.airline_minor ORDER BY r.number",
        says: "has {0} confirmed in the books, but the airline confirmed {1} (minor units)",
    },
    Rule {
        query: "SELECT r.number, CAST(SUM(m.minor) AS BIGINT), CAST(0 AS BIGINT) FROM refunds r JOIN (\
                SELECT t.refund_id, t.amount_minor AS minor FROM transfers t JOIN accounts a ON a.id = t.credit_account_id AND a.kind = 'refund-payable' \
                UNION ALL SELECT t.refund_id, -t.amount_minor FROM transfers t JOIN accounts a ON a.id = t.debit_account_id AND a.kind = 'refund-payable'\
                ) m ON m.refund_id = r.id WHERE r.closed_at IS NOT NULL GROUP BY r.id, r.number HAVING SUM(m.minor) <> 0 ORDER BY r.number",
        says: "is closed, but {0} of it is still owed; there should be {1} (minor units)",
    },
    Rule {
        query: "SELECT r.number, CAST(COUNT(t.id) AS BIGINT), CAST(0 AS BIGINT) FROM refunds r JOIN transfers t ON t.refund_id = r.id \
                JOIN accounts d ON d.id = t.credit_account_id WHERE t.kind = 'refund-credit' AND (d.kind <> 'deposit' OR d.owner <> r.agency_id) \
                GROUP BY r.id, r.number ORDER BY r.number",
        says: "has {0} credits on another account than its agency's deposit; there should be {1}",
    },
    Rule {
        query: "SELECT r.number, CAST(COUNT(*) AS BIGINT), CAST(1 AS BIGINT) FROM refund_coupons c JOIN refunds r ON r.id = c.refund_id \
                WHERE c.holds = 1 AND EXISTS (SELECT 1 FROM refund_coupons o WHERE o.order_id = c.order_id AND o.passenger_no = c.passenger_no \
                AND o.segment_no = c.segment_no AND o.holds = 1 AND o.refund_id <> c.refund_id) GROUP BY r.id, r.number ORDER BY r.number",
        says: "shares {0} passengers and segments with another refund; each belongs to {1} only",
    },
];

/// One rule over other cases and their transfers, as [`RULES`].
const CASE_RULES: &[Rule] = &[
    Rule {
        query: "SELECT r.number, CAST(COALESCE(SUM(t.amount_minor), 0) AS BIGINT), o.amount_minor FROM request_offers o \
                JOIN requests r ON r.id = o.request_id LEFT JOIN transfers t ON t.case_id = o.id AND t.kind = 'service-sale' \
                WHERE o.kind <> 'refund' AND o.status IN ('accepted', 'fulfilled', 'failed') GROUP BY o.id, r.number, o.amount_minor \
                HAVING COALESCE(SUM(t.amount_minor), 0) <> o.amount_minor ORDER BY r.number",
        says: "request {n} was charged {0} for an accepted offer of {1} (minor units)",
    },
    Rule {
        query: "SELECT r.number, CAST(COUNT(t.id) AS BIGINT), CAST(0 AS BIGINT) FROM request_offers o JOIN requests r ON r.id = o.request_id \
                JOIN transfers t ON t.case_id = o.id AND t.kind = 'service-sale' WHERE o.status NOT IN ('accepted', 'fulfilled', 'failed') \
                GROUP BY r.id, r.number ORDER BY r.number",
        says: "request {n} has {0} charges for an offer that was not accepted; there should be {1}",
    },
    Rule {
        query: "SELECT r.number, CAST(COUNT(v.id) AS BIGINT), CAST(1 AS BIGINT) FROM request_offers o JOIN requests r ON r.id = o.request_id \
                JOIN transfers t ON t.case_id = o.id AND t.kind = 'service-sale' LEFT JOIN transfers v ON v.reverses_id = t.id \
                WHERE o.status = 'failed' GROUP BY o.id, r.number HAVING COUNT(v.id) <> 1 ORDER BY r.number",
        says: "request {n} has {0} reversals for an offer that failed; there should be {1}",
    },
    Rule {
        query: "SELECT c.number, CAST(COALESCE(SUM(t.amount_minor), 0) AS BIGINT), CASE WHEN c.status = 'credited' THEN c.amount_minor ELSE 0 END \
                FROM compensations c LEFT JOIN transfers t ON t.case_id = c.id AND t.kind = 'compensation' \
                GROUP BY c.id, c.number, c.status, c.amount_minor \
                HAVING COALESCE(SUM(t.amount_minor), 0) <> CASE WHEN c.status = 'credited' THEN c.amount_minor ELSE 0 END ORDER BY c.number",
        says: "compensation {n} was credited with {0}, but it is {1} (minor units)",
    },
];

/// What remittances must add up to, as [`RULES`].
const REMITTANCE_RULES: &[Rule] = &[
    Rule {
        query: "SELECT m.number, CAST(SUM(l.amount_minor) AS BIGINT), t.file_minor FROM remittance_totals t JOIN remittances m ON m.id = t.remittance_id \
                LEFT JOIN remittance_lines l ON l.remittance_id = t.remittance_id AND l.currency = t.currency \
                GROUP BY m.number, t.currency, t.file_minor, t.matched_minor, t.rejected_minor \
                HAVING SUM(l.amount_minor) <> t.file_minor OR SUM(l.matched_minor) <> t.matched_minor OR SUM(l.rejected_minor) <> t.rejected_minor \
                ORDER BY m.number",
        says: "remittance {n} has lines of {0}, but says {1}, or its matched and rejected sums are wrong (minor units)",
    },
    Rule {
        query: "SELECT m.number, CAST(COALESCE(SUM(a.amount_minor), 0) AS BIGINT), l.matched_minor FROM remittance_lines l \
                JOIN remittances m ON m.id = l.remittance_id LEFT JOIN allocations a ON a.line_id = l.id AND a.state <> 'undone' \
                GROUP BY l.id, m.number, l.matched_minor HAVING COALESCE(SUM(a.amount_minor), 0) <> l.matched_minor ORDER BY m.number",
        says: "remittance {n} has a line with allocations of {0}, but says that {1} is matched (minor units)",
    },
    Rule {
        query: "SELECT r.number, CAST(SUM(a.amount_minor) AS BIGINT), COALESCE(r.actual_minor, 0) FROM refunds r \
                JOIN allocations a ON a.refund_id = r.id AND a.state = 'settled' GROUP BY r.id, r.number, r.actual_minor \
                HAVING SUM(a.amount_minor) <> COALESCE(r.actual_minor, 0) ORDER BY r.number",
        says: "refund {n} has lines of {0}, but {1} came (minor units)",
    },
    Rule {
        query: "SELECT r.number, CAST(COALESCE(SUM(a.amount_minor), 0) AS BIGINT), CASE WHEN r.closed_at IS NULL THEN r.held_minor ELSE 0 END \
                FROM refunds r LEFT JOIN allocations a ON a.refund_id = r.id AND a.state = 'held' GROUP BY r.id, r.number, r.held_minor, r.closed_at \
                HAVING COALESCE(SUM(a.amount_minor), 0) <> CASE WHEN r.closed_at IS NULL THEN r.held_minor ELSE 0 END ORDER BY r.number",
        says: "refund {n} is held {0} by its lines, but says {1} (minor units)",
    },
    Rule {
        query: "SELECT c.currency, CAST(COALESCE(SUM(a.balance_minor), 0) AS BIGINT), CAST(c.minor AS BIGINT) FROM (\
                SELECT l.currency, SUM(CASE WHEN l.amount_minor > 0 THEN l.amount_minor - l.rejected_minor ELSE 0 END) - \
                COALESCE((SELECT SUM(s.amount_minor) FROM allocations s JOIN remittance_lines sl ON sl.id = s.line_id \
                WHERE s.state = 'settled' AND sl.currency = l.currency), 0) AS minor FROM remittance_lines l GROUP BY l.currency) c \
                LEFT JOIN accounts a ON a.kind = 'unallocated' AND a.owner = 'remittances' AND a.currency = c.currency \
                GROUP BY c.currency, c.minor HAVING COALESCE(SUM(a.balance_minor), 0) <> c.minor ORDER BY c.currency",
        says: "unallocated money in {n} is {0} in the books, but the lines that are open or held make {1} (minor units)",
    },
    Rule {
        query: "SELECT s.number, CAST(s.opening_minor + COALESCE(SUM(l.amount_minor), 0) AS BIGINT), s.closing_minor FROM statements s \
                LEFT JOIN statement_lines l ON l.statement_id = s.id GROUP BY s.id, s.number, s.opening_minor, s.closing_minor \
                HAVING s.opening_minor + COALESCE(SUM(l.amount_minor), 0) <> s.closing_minor ORDER BY s.number",
        says: "statement {n} comes to {0} by its lines, but closes with {1} (minor units)",
    },
    Rule {
        query: "SELECT s.number, s.opening_minor, p.closing_minor FROM statements s JOIN statements p ON p.agency_id = s.agency_id \
                AND p.currency = s.currency AND p.period_until = s.period_from WHERE s.opening_minor <> p.closing_minor ORDER BY s.number",
        says: "statement {n} opens with {0}, but the one before it closed with {1} (minor units)",
    },
    Rule {
        query: "SELECT u.number, CAST(COALESCE(SUM(t.amount_minor), 0) AS BIGINT), COALESCE(u.received_minor, 0) FROM top_ups u \
                LEFT JOIN transfers t ON t.case_kind = 'top-up' AND t.case_id = u.id GROUP BY u.id, u.number, u.received_minor \
                HAVING COALESCE(SUM(t.amount_minor), 0) <> COALESCE(u.received_minor, 0) ORDER BY u.number",
        says: "top-up {n} was credited with {0}, but {1} came (minor units)",
    },
    Rule {
        query: "SELECT b.number, CAST(COUNT(r.id) AS BIGINT), b.posted_count FROM batches b LEFT JOIN refunds r ON r.batch_id = b.id \
                GROUP BY b.id, b.number, b.posted_count HAVING COUNT(r.id) <> b.posted_count ORDER BY b.number",
        says: "batch {n} has {0} claims, but says {1}",
    },
];

/// Recomputes everything, as it stood at one moment.
///
/// # Errors
/// The database's own.
pub async fn run(db: &Db) -> Result<Report, sqlx::Error> {
    let mut snapshot = db.snapshot().await?;
    let conn = snapshot.conn();
    let (extent, mut differences) = verify::differences(conn).await?;
    for rule in RULES.iter().chain(CASE_RULES).chain(REMITTANCE_RULES) {
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(rule.query).fetch_all(&mut *conn).await?;
        differences.extend(rows.into_iter().map(|(number, found, expected)| {
            let says = rule.says.replace("{n}", &number).replace("{0}", &found.to_string()).replace("{1}", &expected.to_string());
            if rule.says.contains("{n}") { says } else { format!("refund {number} {says}") }
        }));
    }
    let (refunds,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM refunds").fetch_one(&mut *conn).await?;
    Ok(Report { extent, refunds, differences })
}
