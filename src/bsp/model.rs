//! Offices, tickets and refund forms of BSP.

use serde::{Deserialize, Serialize};

use super::command::Journey;
use super::ticket_number::TicketNumber;
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Date, DateTime, Timestamp};
use crate::refund_calculation::refund_form::percent;

/// Tickets of a conjunction set, and coupons of a ticket.
pub const MOST_TICKETS: usize = 4;
/// See [`MOST_TICKETS`].
pub const MOST_COUPONS: usize = 4;

/// An office that reports to BSP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Office {
    pub id: String,
    pub agency_id: String,
    /// `SHA999`
    pub code: String,
    /// Eight digits.
    pub iata_number: String,
    pub currency: Currency,
    pub zone_name: String,
    pub devices: i64,
    pub four_eyes: bool,
}

/// Somebody's place in an office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    pub office: Office,
    /// The sign under which this person works.
    pub agent: String,
}

crate::text_column! {
    /// What stands on a coupon.
    pub enum CouponStatus {
        Open = "open-for-use",
        Suspended = "suspended",
        Refunded = "refunded",
        Used = "used",
        CheckedIn = "checked-in",
        Exchanged = "exchanged",
        Void = "void",
    }
}

crate::text_column! {
    /// What the sale of a ticket was.
    pub enum Sale { Sale = "sale", Exchange = "exchange", Void = "void" }
}

crate::text_column! {
    /// Where a refund form stands.
    pub enum Status {
        /// Begun, not transmitted.
        Draft = "draft",
        /// Begun and left.
        Abandoned = "abandoned",
        /// Transmitted; a second person has to release it.
        AwaitingRelease = "awaiting-release",
        /// The airline was asked whether it agrees.
        Pending = "pending",
        UnderInvestigation = "under-investigation",
        /// The airline does not agree; the coupons are as before.
        Rejected = "rejected",
        Saved = "saved",
        Printed = "printed",
        /// Its sales day is over.
        Reported = "reported",
        Deleted = "deleted",
    }
}

crate::named!(CouponStatus = "coupon", Status = "form-status", Journey = "journey");

impl Status {
    /// Whether a form in it holds its coupons.
    #[must_use]
    pub const fn stands(self) -> bool {
        !matches!(self, Self::Draft | Self::Abandoned | Self::Rejected | Self::Deleted)
    }

    /// Whether the form is in its day's sales report.
    #[must_use]
    pub const fn is_sold(self) -> bool {
        matches!(self, Self::Saved | Self::Printed | Self::Reported)
    }

    /// Whether the airline is asked.
    #[must_use]
    pub const fn is_application(self) -> bool {
        matches!(self, Self::Pending | Self::UnderInvestigation)
    }
}

/// One coupon of a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coupon {
    /// Which ticket of the set, from 1.
    pub ticket: usize,
    /// Which coupon of that ticket, from 1.
    pub coupon: usize,
    pub status: CouponStatus,
    pub carrier: String,
    pub flight: String,
    pub from: String,
    pub to: String,
    pub departs: DateTime,
}

/// A tax of a ticket or a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tax {
    pub code: String,
    pub amount: Money,
}

/// A ticket record without what is hidden behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The numbers of the set, in order.
    pub numbers: Vec<String>,
    pub office: String,
    pub device: i64,
    pub agent: String,
    pub iata_number: String,
    pub sale: Sale,
    pub issued_on: Date,
    pub passenger_name: String,
    pub passenger_type: String,
    pub electronic: bool,
    pub fare: Money,
    pub taxes: Vec<Tax>,
    /// Hundredths of a percent; nothing where the commission is an amount.
    pub rate_points: Option<i64>,
    pub commission: Option<Money>,
    pub form_of_payment: String,
    pub credit_card: String,
    pub pnr: String,
    pub seats_released: bool,
    pub coupons: Vec<Coupon>,
}

impl Ticket {
    /// The first number of the set.
    #[must_use]
    pub fn number(&self) -> Option<TicketNumber> {
        self.numbers.first().and_then(|number| TicketNumber::parse(number).ok())
    }

    /// The number of a ticket of the set.
    #[must_use]
    pub fn number_of(&self, ticket: usize) -> &str {
        ticket.checked_sub(1).and_then(|place| self.numbers.get(place)).map_or("", String::as_str)
    }

    /// Whether nothing of it was used, exchanged or refunded.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        self.coupons.iter().all(|coupon| matches!(coupon.status, CouponStatus::Open | CouponStatus::Suspended | CouponStatus::CheckedIn))
    }

    /// Where it goes: `SHA PEK CAN`, or the first and the last place alone.
    #[must_use]
    pub fn route(&self) -> String {
        match (self.coupons.first(), self.coupons.last()) {
            (Some(first), Some(last)) => format!("{} {}", first.from, last.to),
            _ => String::new(),
        }
    }

    /// The taxes together.
    #[must_use]
    pub fn tax(&self) -> Money {
        let minor = self.taxes.iter().map(|tax| tax.amount.minor).sum();
        Money::new(minor, self.fare.currency)
    }

    /// The coupons that are open, as the groups of a form; those on other forms are given.
    #[must_use]
    pub fn open_groups(&self, refunded: &[(String, i64)]) -> Vec<String> {
        let mut groups = vec![[b'0'; MOST_COUPONS]; self.numbers.len().min(MOST_TICKETS)];
        for coupon in &self.coupons {
            let is_refunded = refunded
                .iter()
                .any(|(number, no)| number == self.number_of(coupon.ticket) && usize::try_from(*no).is_ok_and(|no| no == coupon.coupon));
            let cell = groups.get_mut(coupon.ticket - 1).and_then(|group| group.get_mut(coupon.coupon - 1));
            if let (CouponStatus::Open, false, Some(cell)) = (coupon.status, is_refunded, cell) {
                *cell = u8::try_from(coupon.coupon).map_or(b'0', |no| b'0' + no);
            }
        }
        groups.iter().map(|group| String::from_utf8_lossy(group).into_owned()).collect()
    }
}

/// A ticket as it is kept.
#[derive(Debug, Clone)]
pub struct KeptTicket {
    pub id: String,
    pub agency_id: String,
    pub office_id: String,
    pub hidden: bool,
    pub(super) sealed: Option<String>,
    pub ticket: Ticket,
    /// Coupons that are on forms that stand: number and coupon.
    pub refunded: Vec<(String, i64)>,
}

/// What stands on a form beside its figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Content {
    /// The last seven digits of the last ticket of a set.
    pub last_digits: String,
    pub check_digit: String,
    /// `1200`: coupons 1 and 2 of the first ticket of the set, and so on.
    pub coupons: Vec<String>,
    pub passenger_name: String,
    pub passenger_type: String,
    pub form_of_payment: String,
    pub electronic: bool,
    pub taxes: Vec<Tax>,
    pub remark_code: String,
    pub remark: String,
    /// Its middle digits are never kept.
    pub credit_card: String,
    pub waiver: String,
    pub waiver_type: String,
    /// Whether the seats are given back.
    pub seats_released: bool,
}

/// A refund form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    pub id: String,
    pub agency_id: String,
    pub office_id: String,
    pub office: String,
    pub iata_number: String,
    pub device: i64,
    pub agent: String,
    pub journey: Journey,
    pub status: Status,
    pub wanted_no: Option<String>,
    pub refund_no: Option<String>,
    pub ticket_id: Option<String>,
    /// The 13 digits of the first ticket; empty on a form that is filled by hand, until they are typed.
    pub number: String,
    /// Whether a Z value or a tour code is behind it: shown as `+1C`.
    pub hidden: bool,
    pub gross: Money,
    pub tax: Money,
    pub deduction: Money,
    pub rate_points: Option<i64>,
    pub commission: Money,
    pub net_refund: Money,
    pub content: Content,
    pub pnr: String,
    /// In the office's zone.
    pub sales_day: Option<Date>,
    pub version: i64,
    pub created_by: String,
    pub created_by_name: String,
    pub created_at: Timestamp,
    pub saved_at: Option<Timestamp>,
    /// By when the airline is to answer an application.
    pub answer_due: Option<Timestamp>,
    /// Whether the airline was asked first: what it agreed to is not changed any more.
    pub asked: bool,
    pub batch_id: Option<String>,
}

impl Form {
    /// What the airline gives back.
    #[must_use]
    pub fn airline_refund(&self) -> Money {
        Money::new(self.gross.minor + self.tax.minor - self.deduction.minor, self.gross.currency)
    }

    /// `784-5805431488`, or nothing yet.
    #[must_use]
    pub fn ticket_number(&self) -> Option<TicketNumber> {
        TicketNumber::parse(&self.number).ok()
    }

    /// The rate as it is shown: `3.00`, with `+1C` where something is hidden behind it.
    #[must_use]
    pub fn rate(&self) -> String {
        let mark = if self.hidden { "+1C" } else { "" };
        self.rate_points.map_or_else(String::new, |points| format!("{}{mark}", percent(points)))
    }

    /// The commission as it is shown: with something hidden behind it its amount is not.
    #[must_use]
    pub fn shown_commission(&self) -> Option<Money> {
        (!self.hidden).then_some(self.commission)
    }

    /// Whether its sales day is still open.
    #[must_use]
    pub fn is_open(&self, today: Date) -> bool {
        matches!(self.status, Status::AwaitingRelease | Status::Saved | Status::Printed) && self.sales_day.is_none_or(|day| day == today)
    }
}

/// The coupons of groups such as `1200`: which ticket of the set, and which coupon of it.
///
/// Nothing unless there are at most four groups of four places, each 0 or its own number, with one coupon at least.
#[must_use]
pub fn coupons_of(groups: &[String]) -> Option<Vec<(usize, i64)>> {
    let mut found = Vec::new();
    if groups.len() > MOST_TICKETS {
        return None;
    }
    for (ticket, group) in groups.iter().enumerate() {
        if group.len() != MOST_COUPONS {
            return None;
        }
        for (no, byte) in (1i64..).zip(group.bytes()) {
            match i64::from(byte) - i64::from(b'0') {
                0 => {}
                digit if digit == no => found.push((ticket, no)),
                _ => return None,
            }
        }
    }
    (!found.is_empty()).then_some(found)
}

/// A card as it may be kept: the issuer's digits and the last four.
#[must_use]
pub fn masked_card(text: &str) -> String {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    if digits < 12 {
        return text.to_owned();
    }
    let mut seen = 0;
    let mask = |sign: char| {
        if !sign.is_ascii_digit() {
            return sign;
        }
        seen += 1;
        if seen > 6 && seen <= digits - 4 { 'X' } else { sign }
    };
    text.chars().map(mask).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coupon_groups_name_tickets_and_coupons() {
        let of = |groups: &[&str]| coupons_of(&groups.iter().map(|group| (*group).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["1200"]), Some(vec![(0, 1), (0, 2)]));
        assert_eq!(of(&["0030", "1000"]), Some(vec![(0, 3), (1, 1)]));
        for wrong in [&["0000"][..], &["2100"], &["12"], &["12000"], &["1200", "0", "0"], &["1000", "1000", "1000", "1000", "1000"], &[]] {
            assert_eq!(of(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn the_middle_of_a_card_is_not_kept() {
        assert_eq!(masked_card("VI4111111111111111"), "VI411111XXXXXX1111");
        assert_eq!(masked_card("CASH"), "CASH");
    }
}
