//! Whether a ticket can be refunded as a form says: it is this office's, its coupons are open and free, and no more money
//! is asked for than was paid.

use super::command::Code;
use super::coupon_store;
use super::life::{NotDone, problem};
use super::model::{Coupon, CouponStatus, Form, KeptTicket, Office, Sale, Ticket};
use super::ticket_number::TicketNumber;
use super::ticket_store::{self, Found};
use super::transmitting::Terms;
use super::typed::Read;
use crate::db::Conn;
use crate::kernel::money::Money;
use crate::kernel::time::{Timestamp, day_in, local_in};
use crate::refund_calculation::refund_form::Hidden;
use crate::refund_calculation::sealed::SealedRate;
use crate::web::words::Message;

/// 1.5 months after the issue; a year where the passenger did not show up: an open coupon's flight has left.
#[must_use]
pub fn is_within_window(ticket: &Ticket, zone_name: &str, terms: &Terms, now: Timestamp) -> bool {
    let today = day_in(zone_name, now);
    let last = |days: i64| jiff::Span::new().try_days(days).ok().and_then(|span| ticket.issued_on.checked_add(span).ok());
    let within = |days: i64| last(days).is_some_and(|last| today <= last);
    let local = local_in(zone_name, now);
    let no_show = ticket.coupons.iter().any(|coupon| coupon.status == CouponStatus::Open && coupon.departs < local);
    within(terms.window_days) || (no_show && within(terms.no_show_days))
}

/// The ticket record behind a number that was typed, held until the end of the transaction.
///
/// # Errors
/// The host's code: another ticket than the one that filled a form with `+1C`, or another office's.
pub async fn ticket_of(
    conn: &mut Conn,
    (form, office): (&Form, &Office),
    number: &TicketNumber,
    terms: &Terms,
    now: Timestamp,
) -> Result<Option<KeptTicket>, NotDone> {
    let same = form.number == number.digits();
    if form.hidden && !same {
        return Err(Code::TicketMismatch.into());
    }
    let (id, was_filled) = match &form.ticket_id {
        Some(id) if same => (id.clone(), true),
        _ => match ticket_store::find(conn, &form.agency_id, number).await? {
            Found::Ticket(kept) if kept.office_id != form.office_id => return Err(Code::Authority.into()),
            // It can be loaded, and then it must be: by hand only what cannot be loaded any more is filled in.
            Found::Ticket(kept) if kept.hidden && is_within_window(&kept.ticket, &office.zone_name, terms, now) => {
                return Err(Code::TicketMismatch.into());
            }
            Found::Ticket(kept) => (kept.id, false),
            Found::Absent | Found::Unrecognised => return Ok(None),
        },
    };
    let kept = held(conn, &id).await?;
    // A newer record hides something, or nothing any more: the form has to be filled anew.
    if was_filled && kept.hidden != form.hidden {
        return Err(Code::TicketMismatch.into());
    }
    Ok(Some(kept))
}

async fn held(conn: &mut Conn, id: &str) -> Result<KeptTicket, NotDone> {
    ticket_store::hold(conn, id).await?;
    let kept = ticket_store::of_id(conn, id).await?.ok_or(NotDone::Absent)?;
    if kept.ticket.sale == Sale::Void {
        return Err(Code::LoadingFailed.into());
    }
    Ok(kept)
}

/// The coupons of a form on a known ticket: there, open, free, and no more money than was paid.
///
/// # Errors
/// What is wrong with them.
pub async fn check_ticket(conn: &mut Conn, form: &Form, kept: &KeptTicket, read: &Read) -> Result<Vec<(String, i64)>, NotDone> {
    let ticket = &kept.ticket;
    if ticket.numbers.first().is_none_or(|first| first != read.number.digits()) {
        let number = ticket.number().map(|number| number.to_string()).unwrap_or_default();
        return Err(problem("number", Message::new("bsp-first-of-set").text("number", number)));
    }
    let cells: Vec<(String, i64)> = read.coupons.iter().map(|(place, no)| (ticket.number_of(place + 1).to_owned(), *no)).collect();
    check_coupons(conn, form, kept, &cells).await?;
    if !ticket.seats_released && !read.content.seats_released {
        return Err(problem("seats", "bsp-seats"));
    }
    let tax = read.figures.taxes.iter().try_fold(0i64, |sum, tax| sum.checked_add(tax.minor)).unwrap_or(i64::MAX);
    check_amounts(conn, form, kept, (read.figures.gross.minor, tax)).await?;
    Ok(cells)
}

/// The same for a form that was transmitted a while ago.
///
/// # Errors
/// What has become wrong with it.
pub async fn check_again(conn: &mut Conn, form: &Form) -> Result<(), NotDone> {
    let Some(id) = &form.ticket_id else { return Ok(()) };
    let kept = held(conn, id).await?;
    if kept.hidden != form.hidden {
        return Err(Code::TicketMismatch.into());
    }
    let cells = coupon_store::coupons(conn, &form.id).await?;
    check_coupons(conn, form, &kept, &cells).await?;
    check_amounts(conn, form, &kept, (form.gross.minor, form.tax.minor)).await
}

async fn check_coupons(conn: &mut Conn, form: &Form, kept: &KeptTicket, cells: &[(String, i64)]) -> Result<(), NotDone> {
    let own = coupon_store::coupons(conn, &form.id).await?;
    for cell in cells {
        let (number, no) = cell;
        let is_it = |coupon: &&Coupon| kept.ticket.number_of(coupon.ticket) == number && i64::try_from(coupon.coupon) == Ok(*no);
        let named = |key: &'static str| problem("coupons", Message::new(key).text("ticket", number).count("coupon", *no));
        let coupon = kept.ticket.coupons.iter().find(is_it).ok_or_else(|| named("bsp-coupon-absent"))?;
        if kept.refunded.contains(cell) && !own.contains(cell) {
            return Err(named("bsp-coupon-taken"));
        }
        match coupon.status {
            CouponStatus::Open => {}
            CouponStatus::Suspended => return Err(named("bsp-coupon-suspended")),
            CouponStatus::Refunded => return Err(named("bsp-coupon-taken")),
            _ => return Err(named("bsp-coupon-not-open")),
        }
    }
    Ok(())
}

async fn check_amounts(conn: &mut Conn, form: &Form, kept: &KeptTicket, (gross, tax): (i64, i64)) -> Result<(), NotDone> {
    let ticket = &kept.ticket;
    let (gross_taken, tax_taken) = coupon_store::taken(conn, &kept.id, &form.id).await?;
    let left = |whole: Money, taken: i64| Money::new(whole.minor.saturating_sub(taken).max(0), whole.currency);
    let (fare_left, tax_left) = (left(ticket.fare, gross_taken), left(ticket.tax(), tax_taken));
    if gross > fare_left.minor {
        return Err(problem("gross", Message::new("bsp-gross-too-much").money("left", fare_left)));
    }
    if tax > tax_left.minor {
        return Err(problem("taxes", Message::new("bsp-tax-too-much").money("left", tax_left)));
    }
    Ok(())
}

/// The coupons of a form for a ticket of which there is no record: the numbers of a set follow each other, and there is
/// no record of any of them.
///
/// # Errors
/// What is wrong with them.
pub async fn unknown_coupons(conn: &mut Conn, form: &Form, read: &Read) -> Result<Vec<(String, i64)>, NotDone> {
    if read.coupons.first().is_none_or(|(place, _)| *place != 0) {
        return Err(problem("coupons", "bsp-coupons-wrong"));
    }
    let cell = |(place, no): &(usize, i64)| {
        let number = u64::try_from(*place).ok().and_then(|place| read.number.plus(place));
        number.map(|number| (number.digits().to_owned(), *no)).ok_or(NotDone::Code(Code::TicketFormat))
    };
    let cells: Vec<(String, i64)> = read.coupons.iter().map(cell).collect::<Result<_, _>>()?;
    let numbers: Vec<String> = cells.iter().map(|(number, _)| number.clone()).collect();
    if ticket_store::is_any_known(conn, &form.agency_id, &numbers).await? {
        return Err(Code::TicketMismatch.into());
    }
    if !read.content.seats_released {
        return Err(problem("seats", "bsp-seats"));
    }
    Ok(cells)
}

/// What is hidden behind a ticket, opened for the calculation.
///
/// # Errors
/// When it was sealed with another secret.
pub fn hidden_of(kept: &KeptTicket, terms: &Terms) -> Result<Hidden, NotDone> {
    if !kept.hidden {
        return Ok(Hidden::NOTHING);
    }
    let owner = kept.ticket.numbers.first().map(String::as_str).unwrap_or_default();
    let z = match &kept.sealed {
        None => SealedRate::NONE,
        Some(sealed) => SealedRate::open(&terms.key, owner, sealed).map_err(|_| NotDone::Unsealed)?,
    };
    Ok(Hidden { z, tour_code: true })
}
