//! What stands on top of everything about a booking: the boarding strip and the tabs. Other rooms draw their pages
//! of a booking inside this frame.

use super::model::{Booking, Direction, Status};
use super::store::{self, Kept};
use super::void;
use crate::db::Conn;
use crate::kernel::actor::{Permission, Scope};
use crate::kernel::airport;
use crate::kernel::time::{Timestamp, minutes_until, plus_hours};
use crate::web::error::Error;
use crate::web::visit::Visit;

/// The seven tabs of Booking Details, each a page of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    Info,
    Fees,
    Ancillaries,
    Refunds,
    Emails,
    Requests,
    Incidents,
}

/// A tab as the page shows it.
#[derive(Debug)]
pub struct TabLink {
    pub label: &'static str,
    pub href: String,
    pub current: bool,
}

/// The frame of Booking Details.
#[derive(Debug)]
pub struct BookingFrame {
    pub kept: Kept,
    pub tabs: Vec<TabLink>,
    /// Whether the Refund button is there.
    pub can_refund: bool,
    /// Whether the Raise a Request button is there.
    pub can_request: bool,
    /// The Void button, while the airline's window is open.
    pub void: Option<void::Open>,
    pub void_minutes_left: i64,
    /// Less than a day to departure: the airline's own site is faster. Its address, where the order has one.
    pub leaves_soon: bool,
    pub city_of_departure: String,
}

const SOON_HOURS: i64 = 24;

impl BookingFrame {
    /// The frame for one order, if the visitor may see it.
    ///
    /// # Errors
    /// `NotFound` for an absent order and another agency's alike.
    pub async fn find<P>(visit: &Visit<P>, conn: &mut Conn, order_no: &str, tab: Tab) -> Result<Self, Error> {
        let kept = find_kept(conn, &visit.scope(), order_no).await?;
        let can_refund = visit.may(Permission::RequestRefunds) && kept.booking.status == Status::Ticketed;
        let now = visit.app.clock.now();
        let void = if can_refund { void::open(conn, &kept.booking, now).await? } else { None };
        let mut frame = Self::new(kept, tab, can_refund, now);
        frame.can_request = visit.may(Permission::RaiseRequests);
        frame.void_minutes_left = void.as_ref().map_or(0, |void| minutes_until(now, void.closes_at));
        frame.void = void;
        Ok(frame)
    }

    fn new(kept: Kept, tab: Tab, can_refund: bool, now: Timestamp) -> Self {
        let order_no = &kept.booking.order_no;
        let link = |this: Tab, label, path: &str| TabLink { label, href: format!("/bookings/{order_no}{path}"), current: this == tab };
        let tabs = vec![
            link(Tab::Info, "tab-info", ""),
            link(Tab::Fees, "tab-fees", "/fees"),
            link(Tab::Ancillaries, "tab-ancillaries", "/ancillaries"),
            link(Tab::Refunds, "tab-refunds", "/refunds"),
            link(Tab::Emails, "tab-emails", "/emails"),
            link(Tab::Requests, "tab-requests", "/requests"),
            link(Tab::Incidents, "tab-incidents", "/incidents"),
        ];
        let departs = kept.booking.segments[0].departure_at;
        Self {
            tabs,
            can_refund,
            can_request: false,
            void: None,
            void_minutes_left: 0,
            leaves_soon: departs > now && departs <= plus_hours(now, SOON_HOURS),
            city_of_departure: city(&kept.booking.segments[0].departure_airport),
            kept,
        }
    }

    /// The booking.
    #[must_use]
    pub const fn booking(&self) -> &Booking {
        &self.kept.booking
    }

    /// Where the outbound leads.
    #[must_use]
    pub fn destination(&self) -> &str {
        self.booking().segments_of(Direction::Outbound).last().map_or("", |segment| &segment.arrival_airport)
    }

    /// How long an order can still be voided, as hours and minutes.
    #[must_use]
    pub fn void_left(&self) -> String {
        crate::web::figures::hours_and_minutes(self.void_minutes_left)
    }

    /// The airline's name, or its code.
    #[must_use]
    pub fn airline(&self) -> &str {
        let booking = self.booking();
        booking.airline_bookings.first().map_or(&booking.segments[0].carrier, |airline| &airline.airline_name)
    }

    /// The airline's own site, where the order names it.
    #[must_use]
    pub fn website(&self) -> Option<&str> {
        self.booking().airline_bookings.iter().find_map(|airline| airline.website.as_deref())
    }
}

/// The booking with this number, if the scope may see it.
///
/// # Errors
/// `NotFound` for an absent order and another agency's alike.
pub async fn find_kept(conn: &mut Conn, scope: &Scope, order_no: &str) -> Result<Kept, Error> {
    store::find(conn, scope, order_no).await?.ok_or(Error::NotFound)
}

/// The city of an airport, or its code.
#[must_use]
pub fn city(iata: &str) -> String {
    airport::find(iata).map(|airport| airport.city).filter(|city| !city.is_empty()).unwrap_or(iata).to_owned()
}
