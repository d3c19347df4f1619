//! All SQL about what of an order is in refunds.

use std::collections::HashMap;

use sqlx::FromRow;

use crate::db::Conn;
use crate::db::select::Select;

/// How often an order was quoted, what of it is in refunds, what is known of its flights, and the revision of the terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct Counts {
    pub newest_ordinal: i64,
    /// Sums of versions: they grow with every one that is added, and with whatever becomes of it.
    refunds: i64,
    incidents: i64,
    /// The revision of what quotes are reckoned by, beside the booking.
    pub terms: i64,
}

impl Counts {
    /// Whether anything of the order is or was in a refund.
    #[must_use]
    pub fn has_refunds(&self) -> bool {
        self.refunds > 0
    }

    /// As [`taken`], without asking where the order has no refund, as most have none.
    ///
    /// # Errors
    /// The database's own.
    pub async fn taken(self, conn: &mut Conn, order_id: &str) -> Result<Vec<Taken>, sqlx::Error> {
        if self.has_refunds() { taken(conn, order_id).await } else { Ok(Vec::new()) }
    }
}

/// The columns of [`Counts`] for the order that a query is at.
macro_rules! counts {
    ($order:literal) => {
        concat!(
            "CAST(COALESCE((SELECT MAX(n.ordinal) FROM quotes n WHERE n.order_id = ",
            $order,
            "), 0) AS BIGINT) AS newest_ordinal, CAST(COALESCE((SELECT SUM(v.version) FROM refunds v WHERE v.order_id = ",
            $order,
            "), 0) AS BIGINT) AS refunds, CAST(COALESCE((SELECT SUM(i.version) FROM incidents i WHERE i.order_id = ",
            $order,
            "), 0) AS BIGINT) AS incidents, ",
            $crate::terms_revision!(),
            " AS terms"
        )
    };
}
pub(super) use counts;

/// The counts of one order. Where writers do not wait for one another they stay true only in a transaction that holds the order.
///
/// # Errors
/// The database's own.
pub async fn counts_of(conn: &mut Conn, order_id: &str) -> Result<Counts, sqlx::Error> {
    sqlx::query_as(concat!("SELECT ", counts!("o.id"), " FROM orders o WHERE o.id = $1")).bind(order_id).fetch_one(conn).await
}

/// What a quote of an order depends on, and others may change: its document, and its counts.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Stamp {
    pub document_digest: String,
    #[sqlx(flatten)]
    pub counts: Counts,
}

impl Stamp {
    /// Whether what was quoted by this stamp can still be kept by a later one: other quotes of the order are no reason against it.
    #[must_use]
    pub fn serves_at(&self, later: &Self) -> bool {
        let counts = Counts { newest_ordinal: later.counts.newest_ordinal, ..self.counts };
        self.document_digest == later.document_digest && counts == later.counts
    }
}

/// A stamp, and whose it is.
#[derive(FromRow)]
struct StampRow {
    order_no: String,
    #[sqlx(flatten)]
    stamp: Stamp,
}

/// The query of the stamps of orders.
#[must_use]
pub fn stamps_query(order_numbers: &[&str]) -> Select {
    Select::new(concat!("SELECT o.order_no, o.document_digest, ", counts!("o.id"), " FROM orders o"))
        .and_in("o.order_no", order_numbers.iter().map(|number| (*number).into()))
}

/// The stamps of orders, by order number; in one statement. Where writers do not wait for one another they are true only in a
/// transaction that holds the orders already.
///
/// # Errors
/// The database's own.
pub async fn stamps(conn: &mut Conn, order_numbers: &[&str]) -> Result<HashMap<String, Stamp>, sqlx::Error> {
    let rows: Vec<StampRow> = stamps_query(order_numbers).fetch(conn).await?;
    Ok(rows.into_iter().map(|row| (row.order_no, row.stamp)).collect())
}

/// A passenger and segment that an open or completed refund has.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Taken {
    pub passenger_no: i64,
    pub segment_no: i64,
    pub refund_number: String,
    /// 1 when the refund is completed, 0 while it is open.
    pub completed: i64,
}

/// What of an order is in refunds that are open or completed.
///
/// # Errors
/// The database's own.
pub async fn taken(conn: &mut Conn, order_id: &str) -> Result<Vec<Taken>, sqlx::Error> {
    sqlx::query_as(
        "SELECT c.passenger_no, c.segment_no, r.number AS refund_number, \
         CAST(CASE WHEN r.closed_at IS NULL THEN 0 ELSE 1 END AS BIGINT) AS completed FROM refund_coupons c JOIN refunds r ON r.id = c.refund_id \
         WHERE c.order_id = $1 AND c.holds = 1 ORDER BY c.passenger_no, c.segment_no",
    )
    .bind(order_id)
    .fetch_all(conn)
    .await
}

/// As [`taken`], for many orders, by order.
///
/// # Errors
/// The database's own.
pub async fn taken_of_many(conn: &mut Conn, order_ids: &[&str]) -> Result<HashMap<String, Vec<Taken>>, sqlx::Error> {
    let rows: Vec<(String, i64, i64, String, i64)> = Select::new(
        "SELECT c.order_id, c.passenger_no, c.segment_no, r.number, CAST(CASE WHEN r.closed_at IS NULL THEN 0 ELSE 1 END AS BIGINT) FROM refund_coupons c JOIN refunds r ON r.id = c.refund_id",
    )
    .and_in("c.order_id", order_ids.iter().map(|id| (*id).into()))
    .and("c.holds = 1", [])
    .then("ORDER BY c.order_id, c.passenger_no, c.segment_no", [])
    .fetch(conn)
    .await?;
    let mut all: HashMap<String, Vec<Taken>> = HashMap::new();
    for (order_id, passenger_no, segment_no, refund_number, completed) in rows {
        all.entry(order_id).or_default().push(Taken { passenger_no, segment_no, refund_number, completed });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_other_quotes_are_no_reason_to_reckon_again() {
        let counts = Counts { newest_ordinal: 1, refunds: 2, incidents: 3, terms: 4 };
        let stamp = Stamp { document_digest: "a".to_owned(), counts };
        let with = |counts: Counts| Stamp { counts, ..stamp.clone() };
        assert!(stamp.serves_at(&stamp) && stamp.serves_at(&with(Counts { newest_ordinal: 9, ..counts })));
        assert!(!stamp.serves_at(&Stamp { document_digest: "b".to_owned(), ..stamp.clone() }));
        assert!(!stamp.serves_at(&with(Counts { refunds: 9, ..counts })));
        assert!(!stamp.serves_at(&with(Counts { incidents: 9, ..counts })));
        assert!(!stamp.serves_at(&with(Counts { terms: 9, ..counts })));
    }
}
