//! Booking Details: the tabs that show the order itself.

use actix_web::web::Path;
use askama::Template;

use super::fare_rules::{self, RuleTable};
use super::model::{Fare, PassengerType};
use super::strip::{BookingFrame, Tab, city};
use crate::kernel::money::Money;
use crate::web::Answer;
use crate::web::filters;
use crate::web::frame::{Frame, Place};
use crate::web::visit::{SeeBookings, Visit};
use crate::web::words::Message;

fn title(order_no: &str) -> Message {
    Message::new("booking-title").text("order", order_no)
}

async fn open(visit: &Visit<SeeBookings>, order_no: &str, tab: Tab) -> Result<(Frame, BookingFrame), crate::web::error::Error> {
    let mut conn = visit.app.db.read().await?;
    let booking = BookingFrame::find(visit, &mut conn, order_no, tab).await?;
    Ok((visit.frame(title(order_no), Place::Bookings), booking))
}

#[derive(Template)]
#[template(path = "bookings/info.html")]
struct InfoPage {
    frame: Frame,
    booking: BookingFrame,
    rules: Vec<RuleTable>,
}

/// `GET /bookings/{order}`
pub async fn info(visit: Visit<SeeBookings>, order_no: Path<String>) -> Answer {
    let (frame, booking) = open(&visit, &order_no, Tab::Info).await?;
    let rules = fare_rules::tables(booking.booking(), visit.app.clock.now());
    visit.page(&InfoPage { frame, booking, rules })
}

#[derive(Template)]
#[template(path = "bookings/fees.html")]
struct FeesPage {
    frame: Frame,
    booking: BookingFrame,
    lines: Vec<FeeLine>,
    ancillaries: Money,
}

/// What the passengers of one type paid.
struct FeeLine {
    passenger_type: PassengerType,
    count: usize,
    each: Option<Fare>,
    sum: Option<Money>,
}

/// `GET /bookings/{order}/fees`
pub async fn fees(visit: Visit<SeeBookings>, order_no: Path<String>) -> Answer {
    let (frame, booking) = open(&visit, &order_no, Tab::Fees).await?;
    let order = booking.booking();
    let line = |passenger_type: &PassengerType| {
        let (count, each) = (order.count_of(*passenger_type), order.fares.of(*passenger_type));
        let sum = each.and_then(|each| {
            let one = each.fare.plus(each.tax).ok()?;
            (0..count).try_fold(Money::zero(one.currency), |sum, _| sum.plus(one).ok())
        });
        FeeLine { passenger_type: *passenger_type, count, each, sum }
    };
    let lines = PassengerType::ALL.iter().map(line).filter(|line| line.count > 0).collect();
    let ancillaries = order.ancillary_total();
    visit.page(&FeesPage { frame, booking, lines, ancillaries })
}

#[derive(Template)]
#[template(path = "bookings/ancillaries.html")]
struct AncillariesPage {
    frame: Frame,
    booking: BookingFrame,
    total: Money,
}

/// `GET /bookings/{order}/ancillaries`
pub async fn ancillaries(visit: Visit<SeeBookings>, order_no: Path<String>) -> Answer {
    let (frame, booking) = open(&visit, &order_no, Tab::Ancillaries).await?;
    let total = booking.booking().ancillary_total();
    visit.page(&AncillariesPage { frame, booking, total })
}

#[derive(Template)]
#[template(path = "bookings/emails.html")]
struct EmailsPage {
    frame: Frame,
    booking: BookingFrame,
}

/// `GET /bookings/{order}/emails`
pub async fn emails(visit: Visit<SeeBookings>, order_no: Path<String>) -> Answer {
    let (frame, booking) = open(&visit, &order_no, Tab::Emails).await?;
    visit.page(&EmailsPage { frame, booking })
}

#[derive(Template)]
#[template(path = "bookings/e_ticket.html")]
struct ETicketPage {
    frame: Frame,
    booking: BookingFrame,
}

/// `GET /bookings/{order}/e-ticket`: laid out for printing.
pub async fn e_ticket(visit: Visit<SeeBookings>, order_no: Path<String>) -> Answer {
    let (frame, booking) = open(&visit, &order_no, Tab::Info).await?;
    visit.page(&ETicketPage { frame, booking })
}

/// The city of an airport, for templates.
fn city_of(iata: &str) -> String {
    city(iata)
}
