//! From an imported order to the facts of the calculation: the one translation.

use std::collections::BTreeSet;

use super::selection::Selection;
use crate::bookings::model::{Booking, Direction, PaymentChannel};
use crate::db::Conn;
use crate::kernel::money::Currency;
use crate::kernel::time::{Timestamp, utc_day};
use crate::rates;
use crate::refund_calculation::facts::{Ancillary, Facts, Fee, JourneyPart, NoShow, Passenger, Payment, Rate, ServiceFee, Window};

/// The facts of a refund of this selection, asked for now. Rates are read from the database; a missing one is left
/// out and the calculation says so.
///
/// # Errors
/// The database's own.
pub async fn facts(
    conn: &mut Conn,
    booking: &Booking,
    selection: &Selection,
    rate_days: i64,
    now: Timestamp,
) -> Result<Facts, sqlx::Error> {
    let mut facts = without_rates(booking, selection, now);
    let day = utc_day(now);
    let oldest = day.checked_sub(jiff::Span::new().days(rate_days)).unwrap_or(day);
    for currency in foreign_currencies(&facts) {
        if let Some(found) = rates::find(conn, currency, booking.currency, day, oldest).await? {
            facts.rates.push(Rate { from: found.from, to: found.to, day: found.day, rate: found.rate });
        }
    }
    Ok(facts)
}

/// The facts before any exchange rate is known.
#[must_use]
pub fn without_rates(booking: &Booking, selection: &Selection, now: Timestamp) -> Facts {
    Facts {
        currency: booking.currency,
        payment: match booking.payment_channel {
            PaymentChannel::Deposit => Payment::Deposit,
            PaymentChannel::Vcc => Payment::Card,
        },
        reason: selection.reason,
        requested_at: now,
        passengers: booking.passengers.iter().filter_map(|passenger| priced(booking, passenger, selection)).collect(),
        unpriced: booking
            .passengers
            .iter()
            .filter(|passenger| selection.passengers.contains(&passenger.no) && booking.fares.of(passenger.passenger_type).is_none())
            .map(|passenger| passenger.name.clone())
            .collect(),
        directions: Direction::ALL.iter().filter_map(|direction| part(booking, *direction)).collect(),
        rates: Vec::new(),
        service_fee: match (booking.fee_per_passenger, booking.fee_per_order) {
            (Some(fee), _) => ServiceFee::PerPassenger(fee),
            (None, Some(fee)) => ServiceFee::PerOrder(fee),
            (None, None) => ServiceFee::None,
        },
    }
}

fn priced(booking: &Booking, passenger: &crate::bookings::model::Passenger, selection: &Selection) -> Option<Passenger> {
    let fare = booking.fares.of(passenger.passenger_type)?;
    let ancillaries = passenger.ancillaries.iter().map(|ancillary| Ancillary {
        name: ancillary.product_code.clone(),
        price: ancillary.price,
        // The order document does not say that an airline returns extras: it is not guessed.
        refundable: false,
    });
    Some(Passenger {
        no: passenger.no,
        name: passenger.name.clone(),
        selected: selection.passengers.contains(&passenger.no),
        fare: fare.fare,
        tax: fare.tax,
        fare_by_direction: Vec::new(),
        ancillaries: ancillaries.collect(),
    })
}

fn part(booking: &Booking, direction: Direction) -> Option<JourneyPart> {
    let segment = booking.departure_of(direction)?;
    let rule = booking.refund_rules.iter().find(|rule| rule.direction == direction);
    let windows = rule.map(|rule| rule.windows.as_slice()).unwrap_or_default().iter().map(|window| Window {
        from_minute: window.from_minute,
        to_minute: window.to_minute,
        refundability: window.refundability,
        fee: window.fee.map(Fee::Amount),
    });
    let no_show = rule.and_then(|rule| rule.no_show).map(|rule| NoShow {
        cutoff_minutes: rule.cutoff_minutes,
        refundability: rule.refundability,
        fee: rule.fee.map(Fee::Amount),
    });
    Some(JourneyPart { direction, departs_at: segment.departure_at, windows: windows.collect(), no_show })
}

fn foreign_currencies(facts: &Facts) -> BTreeSet<Currency> {
    let of_windows = facts.directions.iter().flat_map(|part| &part.windows).filter_map(|window| window.fee);
    let of_no_shows = facts.directions.iter().filter_map(|part| part.no_show?.fee);
    of_windows
        .chain(of_no_shows)
        .filter_map(|fee| match fee {
            Fee::Amount(amount) => Some(amount.currency),
            Fee::BasisPoints(_) => None,
        })
        .filter(|currency| *currency != facts.currency)
        .collect()
}
