//! All SQL about refunds.

use sqlx::FromRow;

use super::model::{BatchPlace, Coupon, Difference, Kind, Reason, Refund, RefusalCode, Status};
use crate::bookings::model::PaymentChannel;
use crate::db::rows::{Insertion, Table};
use crate::db::select::Value;
use crate::db::{Conn, decode};
use crate::kernel::actor::Scope;
use crate::kernel::folding::fold_identifier;
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Date, Timestamp, instant_text, parse_instant, utc_day};

/// Whose money is late: past the day that the airline named, past the time in which it usually comes where it named none, or
/// past the day on which a claim says that the airline has paid. It asks for today, the moment, and today again.
pub const OVERDUE: &str = "r.closed_at IS NULL AND r.payment_channel = 'deposit' AND r.received_at IS NULL AND \
     ((r.status IN ('airline-processing', 'airline-refunding') \
     AND (r.expected_on < ? OR (r.expected_on IS NULL AND r.follow_up_from <= ?))) \
     OR (r.status = 'atlas-processing' AND r.fulfilled_on < ?))";

/// The values of [`OVERDUE`].
#[must_use]
pub fn overdue_values(now: Timestamp) -> [Value; 3] {
    let today = utc_day(now).to_string();
    [today.clone().into(), instant_text(now).into(), today.into()]
}

/// Every column of a refund, in one place.
pub const COLUMNS: &str = "r.id, r.number, r.agency_id, r.order_id, r.quote_id, r.kind, r.status, r.payment_channel, r.reason, r.order_no, \
     r.airline_pnr, r.airline, r.airlines, r.full_refund, r.currency, r.original_minor, r.penalty_minor, r.estimated_minor, \
     r.service_fee_minor, r.airline_minor, r.actual_minor, r.difference_reason, r.refusal_code, r.refusal_note, r.airline_reference, \
     r.receipt_reference, r.assignee_id, r.version, r.ticketed_on, r.departure_on, r.registered_at, r.registered_by, r.submit_by, \
     r.deadline_missed_at, r.submitted_at, r.follow_up_from, r.confirmed_at, r.expected_on, r.received_on, r.received_at, r.closed_at, r.fulfilled_on, r.claimed_minor, \
     r.request_id, r.batch_id, r.batch_no, r.batch_row, r.round, r.held_minor, r.confirmed_by_money";

/// A refund as the database has it.
#[derive(FromRow)]
pub struct RefundRow {
    id: String,
    number: String,
    agency_id: String,
    order_id: String,
    quote_id: String,
    #[sqlx(try_from = "String")]
    kind: Kind,
    #[sqlx(try_from = "String")]
    status: Status,
    #[sqlx(try_from = "String")]
    payment_channel: PaymentChannel,
    #[sqlx(try_from = "String")]
    reason: Reason,
    order_no: String,
    airline_pnr: String,
    airline: String,
    airlines: String,
    full_refund: i64,
    #[sqlx(try_from = "String")]
    currency: Currency,
    original_minor: i64,
    penalty_minor: Option<i64>,
    estimated_minor: Option<i64>,
    service_fee_minor: i64,
    airline_minor: Option<i64>,
    actual_minor: Option<i64>,
    difference_reason: Option<String>,
    refusal_code: Option<i64>,
    refusal_note: Option<String>,
    airline_reference: Option<String>,
    receipt_reference: Option<String>,
    assignee_id: Option<String>,
    version: i64,
    ticketed_on: String,
    departure_on: String,
    registered_at: String,
    registered_by: String,
    submit_by: String,
    deadline_missed_at: Option<String>,
    submitted_at: Option<String>,
    follow_up_from: Option<String>,
    confirmed_at: Option<String>,
    expected_on: Option<String>,
    received_on: Option<String>,
    received_at: Option<String>,
    closed_at: Option<String>,
    fulfilled_on: Option<String>,
    claimed_minor: Option<i64>,
    request_id: Option<String>,
    batch_id: Option<String>,
    batch_no: Option<String>,
    batch_row: Option<i64>,
    round: i64,
    held_minor: i64,
    confirmed_by_money: i64,
}

impl RefundRow {
    /// The refund.
    ///
    /// # Errors
    /// When a column holds what it never should.
    pub fn refund(self) -> Result<Refund, sqlx::Error> {
        let instant = |text: &str| parse_instant(text).map_err(decode);
        let day = |text: &str| text.parse::<Date>().map_err(decode);
        let instant_if = |text: &Option<String>| text.as_deref().map(instant).transpose();
        let day_if = |text: &Option<String>| text.as_deref().map(day).transpose();
        let money = |minor: i64| Money::new(minor, self.currency);
        Ok(Refund {
            original: money(self.original_minor),
            penalty: self.penalty_minor.map(money),
            estimated: self.estimated_minor.map(money),
            service_fee: money(self.service_fee_minor),
            airline_amount: self.airline_minor.map(money),
            actual: self.actual_minor.map(money),
            difference: self.difference_reason.and_then(|word| word.parse::<Difference>().ok()),
            refusal: self.refusal_code.and_then(RefusalCode::from_number),
            ticketed_on: day(&self.ticketed_on)?,
            departure_on: day(&self.departure_on)?,
            registered_at: instant(&self.registered_at)?,
            submit_by: instant(&self.submit_by)?,
            deadline_missed_at: instant_if(&self.deadline_missed_at)?,
            submitted_at: instant_if(&self.submitted_at)?,
            follow_up_from: instant_if(&self.follow_up_from)?,
            confirmed_at: instant_if(&self.confirmed_at)?,
            expected_on: day_if(&self.expected_on)?,
            received_on: day_if(&self.received_on)?,
            received_at: instant_if(&self.received_at)?,
            closed_at: instant_if(&self.closed_at)?,
            fulfilled_on: day_if(&self.fulfilled_on)?,
            claimed: self.claimed_minor.map(money),
            request_id: self.request_id,
            batch: self.batch_id.zip(self.batch_no).zip(self.batch_row).map(|((id, no), row)| BatchPlace { id, no, row }),
            round: self.round,
            held: money(self.held_minor),
            confirmed_by_money: self.confirmed_by_money == 1,
            id: self.id,
            number: self.number,
            agency_id: self.agency_id,
            order_id: self.order_id,
            quote_id: self.quote_id,
            kind: self.kind,
            status: self.status,
            payment_channel: self.payment_channel,
            reason: self.reason,
            order_no: self.order_no,
            airline_pnr: self.airline_pnr,
            airline: self.airline,
            airlines: self.airlines,
            full_refund: self.full_refund == 1,
            currency: self.currency,
            refusal_note: self.refusal_note,
            airline_reference: self.airline_reference,
            receipt_reference: self.receipt_reference,
            assignee_id: self.assignee_id,
            version: self.version,
            registered_by: self.registered_by,
        })
    }
}

/// The refund with this number, if the scope may see it.
///
/// # Errors
/// The database's own.
pub async fn find(conn: &mut Conn, scope: &Scope, number: &str) -> Result<Option<Refund>, sqlx::Error> {
    let text = format!("SELECT {COLUMNS} FROM refunds r WHERE r.number = $1");
    let row: Option<RefundRow> = sqlx::query_as(sqlx::AssertSqlSafe(text)).bind(number).fetch_optional(conn).await?;
    row.filter(|row| scope.includes(&row.agency_id)).map(RefundRow::refund).transpose()
}

/// The refunds of an order, the newest first.
///
/// # Errors
/// The database's own.
pub async fn of_order(conn: &mut Conn, order_id: &str) -> Result<Vec<Refund>, sqlx::Error> {
    let text = format!("SELECT {COLUMNS} FROM refunds r WHERE r.order_id = $1 ORDER BY r.registered_at DESC, r.id DESC LIMIT 100");
    let rows: Vec<RefundRow> = sqlx::query_as(sqlx::AssertSqlSafe(text)).bind(order_id).fetch_all(conn).await?;
    rows.into_iter().map(RefundRow::refund).collect()
}

/// The number of the refund that was made from a quote.
///
/// # Errors
/// The database's own.
pub async fn number_of_quote(conn: &mut Conn, quote_id: &str) -> Result<Option<String>, sqlx::Error> {
    let row: Option<(String,)> =
        sqlx::query_as("SELECT number FROM refunds WHERE quote_id = $1").bind(quote_id).fetch_optional(conn).await?;
    Ok(row.map(|(number,)| number))
}

const REFUNDS: Table = Table {
    name: "refunds",
    columns: &[
        "id",
        "number",
        "agency_id",
        "order_id",
        "quote_id",
        "kind",
        "status",
        "payment_channel",
        "reason",
        "order_no",
        "airline_pnr",
        "airline",
        "airlines",
        "full_refund",
        "currency",
        "original_minor",
        "penalty_minor",
        "estimated_minor",
        "service_fee_minor",
        "version",
        "ticketed_on",
        "departure_on",
        "registered_at",
        "registered_by",
        "submit_by",
        "due_at",
        "fulfilled_on",
        "claimed_minor",
        "request_id",
        "batch_id",
        "batch_no",
        "batch_row",
    ],
    suffix: "",
};

const COUPONS: Table = Table {
    name: "refund_coupons",
    columns: &["refund_id", "order_id", "passenger_no", "passenger_name", "segment_no", "holds"],
    suffix: "",
};

/// The rows of refunds and of the passengers and segments they cover. One that another refund has is a duplicate.
pub fn entries(refunds: &[(Refund, Vec<Coupon>)]) -> [Insertion<'static>; 2] {
    let coupons = refunds.iter().flat_map(|(refund, coupons)| coupons.iter().map(move |coupon| coupon_row(refund, coupon)));
    [Insertion::of(REFUNDS, refunds.iter().map(|(refund, _)| row(refund))), Insertion::of(COUPONS, coupons)]
}

fn row(refund: &Refund) -> Vec<Value> {
    let minor = |amount: Option<Money>| amount.map(|amount| amount.minor);
    vec![
        refund.id.as_str().into(),
        refund.number.as_str().into(),
        refund.agency_id.as_str().into(),
        refund.order_id.as_str().into(),
        refund.quote_id.as_str().into(),
        refund.kind.word().into(),
        refund.status.word().into(),
        refund.payment_channel.word().into(),
        refund.reason.word().into(),
        refund.order_no.as_str().into(),
        refund.airline_pnr.as_str().into(),
        refund.airline.as_str().into(),
        refund.airlines.as_str().into(),
        i64::from(refund.full_refund).into(),
        refund.currency.code().into(),
        refund.original.minor.into(),
        minor(refund.penalty).into(),
        minor(refund.estimated).into(),
        refund.service_fee.minor.into(),
        refund.version.into(),
        refund.ticketed_on.to_string().into(),
        refund.departure_on.to_string().into(),
        instant_text(refund.registered_at).into(),
        refund.registered_by.as_str().into(),
        instant_text(refund.submit_by).into(),
        instant_text(refund.due_at()).into(),
        refund.fulfilled_on.map(|day| day.to_string()).into(),
        minor(refund.claimed).into(),
        refund.request_id.clone().into(),
        refund.batch.as_ref().map(|batch| batch.id.clone()).into(),
        refund.batch.as_ref().map(|batch| batch.no.clone()).into(),
        refund.batch.as_ref().map(|batch| batch.row).into(),
    ]
}

fn coupon_row(refund: &Refund, coupon: &Coupon) -> Vec<Value> {
    vec![
        refund.id.as_str().into(),
        refund.order_id.as_str().into(),
        coupon.passenger_no.into(),
        coupon.passenger_name.as_str().into(),
        coupon.segment_no.into(),
        1.into(),
    ]
}

/// Writes what a transition changed, if nobody was faster. Answers whether it did.
///
/// # Errors
/// The database's own.
pub async fn save(conn: &mut Conn, refund: &Refund, seen_version: i64) -> Result<bool, sqlx::Error> {
    let saved = sqlx::query(
        "UPDATE refunds SET status = $1, airline_minor = $2, actual_minor = $3, difference_reason = $4, refusal_code = $5, \
         refusal_note = $6, airline_reference = $7, receipt_reference = $8, assignee_id = $9, version = version + 1, submitted_at = $10, \
         follow_up_from = $11, confirmed_at = $12, expected_on = $13, received_on = $14, received_at = $15, closed_at = $16, \
         due_at = $17, round = $18, airline_reference_key = $19, held_minor = $20, confirmed_by_money = $21 WHERE id = $22 AND version = $23",
    )
    .bind(refund.status.word())
    .bind(refund.airline_amount.map(|amount| amount.minor))
    .bind(refund.actual.map(|amount| amount.minor))
    .bind(refund.difference.map(Difference::word))
    .bind(refund.refusal.map(RefusalCode::number))
    .bind(refund.refusal_note.as_deref())
    .bind(refund.airline_reference.as_deref())
    .bind(refund.receipt_reference.as_deref())
    .bind(refund.assignee_id.as_deref())
    .bind(refund.submitted_at.map(instant_text))
    .bind(refund.follow_up_from.map(instant_text))
    .bind(refund.confirmed_at.map(instant_text))
    .bind(refund.expected_on.map(|day| day.to_string()))
    .bind(refund.received_on.map(|day| day.to_string()))
    .bind(refund.received_at.map(instant_text))
    .bind(refund.closed_at.map(instant_text))
    .bind(instant_text(refund.due_at()))
    .bind(refund.round)
    .bind(refund.airline_reference.as_deref().map(fold_identifier))
    .bind(refund.held.minor)
    .bind(i64::from(refund.confirmed_by_money))
    .bind(&refund.id)
    .bind(seen_version)
    .execute(conn)
    .await?;
    Ok(saved.rows_affected() == 1)
}

/// Gives the passengers and segments of a refused or withdrawn refund free again.
///
/// # Errors
/// The database's own.
pub async fn release_coupons(conn: &mut Conn, refund_id: &str) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE refund_coupons SET holds = 0 WHERE refund_id = $1").bind(refund_id).execute(conn).await?;
    Ok(())
}

/// Takes the passengers and segments of a refund again; a duplicate when another refund has one of them by now.
///
/// # Errors
/// The database's own.
pub async fn hold_coupons(conn: &mut Conn, refund_id: &str) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE refund_coupons SET holds = 1 WHERE refund_id = $1").bind(refund_id).execute(conn).await?;
    Ok(())
}

/// The passengers and segments of a refund.
///
/// # Errors
/// The database's own.
pub async fn coupons(conn: &mut Conn, refund_id: &str) -> Result<Vec<Coupon>, sqlx::Error> {
    let rows: Vec<(i64, String, i64)> = sqlx::query_as(
        "SELECT passenger_no, passenger_name, segment_no FROM refund_coupons WHERE refund_id = $1 ORDER BY passenger_no, segment_no",
    )
    .bind(refund_id)
    .fetch_all(conn)
    .await?;
    let coupon = |(passenger_no, passenger_name, segment_no)| Coupon { passenger_no, passenger_name, segment_no };
    Ok(rows.into_iter().map(coupon).collect())
}

/// Days from submission to credit of an airline's last refunds: the fastest and slowest quarter cut off.
///
/// # Errors
/// The database's own.
pub async fn days_to_money(conn: &mut Conn, airline: &str) -> Result<Vec<i64>, sqlx::Error> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT r.submitted_at, r.closed_at FROM refunds r WHERE r.airline = $1 AND r.status = 'refunded' AND r.submitted_at IS NOT NULL \
         ORDER BY r.closed_at DESC LIMIT 50",
    )
    .bind(airline)
    .fetch_all(conn)
    .await?;
    let days = |(from, to): &(String, String)| Some((parse_instant(to).ok()?.as_second() - parse_instant(from).ok()?.as_second()) / 86_400);
    Ok(rows.iter().filter_map(days).collect())
}
