//! Which taxes come back: each by its whole key (code, carrier, ticket refundable?, voluntary?, coupon used?, station).

use super::facts::{CouponStatus, Tax, Ticket};
use super::lines::TaxLine;
use super::notes::{Given, Notes, Stop};
use super::penalty::Assessed;
use super::quote::ReasonCode;
use super::rules::FuelRule;
use super::trace::Step;
use crate::kernel::code::Code;
use crate::kernel::money::Money;

/// What comes back of all taxes, and of the fuel surcharges among them.
#[derive(Debug, Clone, Copy)]
pub struct Returned {
    pub all: Money,
    pub fuel: Money,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Used,
    Kept,
    Returned,
}

/// Whether a code is a fuel surcharge of the carrier and no tax of a government.
#[must_use]
pub fn is_fuel(code: Code) -> bool {
    matches!(code.text(), "YQ" | "YR")
}

/// Decides every tax of a ticket and writes its line.
///
/// # Errors
/// `TaxCouponMissing` when a tax belongs to the whole ticket and its parts have different fates.
pub fn reckon(given: &Given<'_>, ticket: &Ticket, assessed: &[Assessed], all_lost: bool, notes: &mut Notes) -> Result<Returned, Stop> {
    let zero = Money::zero(given.facts.currency);
    let mut returned = Returned { all: zero, fuel: zero };
    for tax in &ticket.taxes {
        let fate = fate_of(given, ticket, tax, assessed, all_lost)?;
        let part = |wanted: Fate| if fate == wanted { tax.amount } else { zero };
        notes.taxes.push(TaxLine {
            code: tax.code,
            station: tax.station,
            coupon: tax.coupon,
            amount: tax.amount,
            used: part(Fate::Used),
            kept: part(Fate::Kept),
            refund: part(Fate::Returned),
        });
        notes.step(match fate {
            Fate::Used => Step::TaxUsed { code: tax.code, amount: tax.amount },
            Fate::Kept => Step::TaxKept { code: tax.code, amount: tax.amount },
            Fate::Returned => Step::TaxReturned { code: tax.code, amount: tax.amount },
        });
        returned.all = returned.all.plus(part(Fate::Returned))?;
        if is_fuel(tax.code) {
            returned.fuel = returned.fuel.plus(part(Fate::Returned))?;
        }
    }
    Ok(returned)
}

fn fate_of(given: &Given<'_>, ticket: &Ticket, tax: &Tax, assessed: &[Assessed], all_lost: bool) -> Result<Fate, Stop> {
    let refundable = |component: i64| !all_lost && !assessed.iter().any(|one| one.component.no == component && one.non_refundable);
    let mut fate = None;
    // A tax of one coupon has that coupon's fate; one of the whole ticket must have the same fate everywhere.
    for coupon in ticket.coupons.iter().filter(|coupon| tax.coupon.is_none_or(|no| no == coupon.no)) {
        let own = decide(given, tax, coupon.status.is_used(), refundable(coupon.component), all_lost);
        let unsure = coupon.status == CouponStatus::Unknown && coupon.departs_at <= given.facts.requested_at;
        if unsure && given.voluntary && own == Fate::Returned && !tax.amount.is_zero() {
            return Err(Stop::Missing(ReasonCode::NoShowConfirmation));
        }
        match fate {
            None => fate = Some(own),
            Some(same) if same == own => {}
            Some(_) => {
                // The document's own word settles what belongs to the whole ticket, but not how much of it was used.
                return match tax.refundable.filter(|_| given.voluntary && !ticket.is_partly_used()) {
                    Some(true) => Ok(Fate::Returned),
                    Some(false) => Ok(Fate::Kept),
                    None => Err(Stop::Missing(ReasonCode::TaxCouponMissing)),
                };
            }
        }
    }
    fate.ok_or(Stop::Missing(ReasonCode::TaxCouponMissing))
}

fn decide(given: &Given<'_>, tax: &Tax, used: bool, refundable: bool, all_lost: bool) -> Fate {
    let rules = &given.rules.taxes;
    let kept = if used { Fate::Used } else { Fate::Kept };
    if given.voluntary && tax.refundable == Some(false) {
        return kept;
    }
    if let Some(rule) = rules.rules.iter().find(|rule| rule.applies(given.voluntary, tax, used, refundable)) {
        return if rule.returned { Fate::Returned } else { kept };
    }
    if used {
        return Fate::Used;
    }
    if !given.voluntary || tax.refundable == Some(true) {
        return Fate::Returned;
    }
    let is_returned = if is_fuel(tax.code) {
        match rules.fuel {
            FuelRule::Returned => true,
            FuelRule::WithFare => refundable,
            FuelRule::Kept => false,
        }
    } else {
        refundable || rules.returns_of_non_refundable(all_lost)
    };
    if is_returned { Fate::Returned } else { Fate::Kept }
}
