//! The arithmetic of the BSP refund form: what the airline gives back and what the agency settles, from the figures that
//! an agent completes. `AIRLINE REFUND = GROSS REFUND + Σ TAX − DEDUCTION`, `NET REFUND = AIRLINE REFUND − COMMISSION`.

use super::sealed::SealedRate;
use crate::kernel::money::{Money, MoneyError, Rounding};

/// Taxes of one form.
pub const MOST_TAXES: usize = 27;
/// The commission rate that a form shows while a Z value or a tour code is hidden behind it: 3.00 %.
pub const FIXED_POINTS: i64 = 300;

crate::text_column! {
    /// Of what a commission rate is a part.
    pub enum CommissionOf { Gross = "gross", GrossLessDeduction = "gross-less-deduction" }
}

/// How a commission is reckoned from a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommissionRule {
    pub of: CommissionOf,
    pub rounding: Rounding,
}

/// The commission as it stands on a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commission {
    /// As typed.
    Amount(Money),
    /// In hundredths of a percent.
    Rate(i64),
}

/// Reads a rate in percent with at most two decimals, from 0.00 to 100.00, as hundredths of a percent: `3.00` is 300.
#[must_use]
pub fn points(text: &str) -> Option<i64> {
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
    let digits = |text: &str| !text.is_empty() && text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 2 {
        return None;
    }
    let hundredths: i64 = format!("{part:0<2}").parse().ok()?;
    Some(whole.parse::<i64>().ok()? * 100 + hundredths).filter(|points| (0..=10_000).contains(points))
}

/// A rate as it is written: `3.00`.
#[must_use]
pub fn percent(points: i64) -> String {
    format!("{}.{:02}", points / 100, points % 100)
}

/// What is hidden behind a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hidden {
    pub z: SealedRate,
    pub tour_code: bool,
}

impl Hidden {
    /// Nothing is.
    pub const NOTHING: Self = Self { z: SealedRate::NONE, tour_code: false };

    /// Whether the form carries `+1C`, and its rate is fixed.
    #[must_use]
    pub const fn is_marked(self) -> bool {
        self.tour_code || !self.z.is_none()
    }
}

/// The figures of a form before it is reckoned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormFigures {
    pub gross: Money,
    pub taxes: Vec<Money>,
    pub deduction: Money,
    pub commission: Commission,
}

/// What a form comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    pub tax: Money,
    pub airline_refund: Money,
    pub commission: Money,
    pub net_refund: Money,
}

/// Why a form does not add up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormFault {
    /// Another rate than the fixed one, or an amount instead of it.
    FixedRate,
    TooManyTaxes,
    /// A figure is below zero, or the commission more than it is part of.
    Figure,
    /// More is kept than there is.
    BelowZero,
    Money(MoneyError),
}

impl From<MoneyError> for FormFault {
    fn from(error: MoneyError) -> Self {
        Self::Money(error)
    }
}

/// Reckons a form. A hidden Z value is added to the rate that is shown.
///
/// # Errors
/// Why it does not add up.
pub fn settle(figures: &FormFigures, hidden: Hidden, rule: CommissionRule) -> Result<Settled, FormFault> {
    let zero = Money::zero(figures.gross.currency);
    if figures.taxes.len() > MOST_TAXES {
        return Err(FormFault::TooManyTaxes);
    }
    if hidden.is_marked() && figures.commission != Commission::Rate(FIXED_POINTS) {
        return Err(FormFault::FixedRate);
    }
    if figures.taxes.iter().chain([&figures.gross, &figures.deduction]).any(|figure| figure.minor < 0) {
        return Err(FormFault::Figure);
    }
    let tax = figures.taxes.iter().try_fold(zero, |sum, tax| sum.plus(*tax))?;
    let airline_refund = figures.gross.plus(tax)?.minus(figures.deduction)?;
    let base = match rule.of {
        CommissionOf::Gross => figures.gross,
        CommissionOf::GrossLessDeduction => figures.gross.minus(figures.deduction)?.at_least(zero),
    };
    let commission = match figures.commission {
        Commission::Amount(amount) => amount,
        Commission::Rate(points) if (0..=10_000).contains(&points) => base.ratio(points + hidden.z.points(), 10_000, rule.rounding, 1)?,
        Commission::Rate(_) => return Err(FormFault::Figure),
    };
    if commission.minor < 0 || commission.minor > figures.gross.minor {
        return Err(FormFault::Figure);
    }
    let net_refund = airline_refund.minus(commission)?;
    if airline_refund.minor < 0 || net_refund.minor < 0 {
        return Err(FormFault::BelowZero);
    }
    Ok(Settled { tax, airline_refund, commission, net_refund })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::money::Currency;

    const RULE: CommissionRule = CommissionRule { of: CommissionOf::Gross, rounding: Rounding::HalfUp };

    fn cny(minor: i64) -> Money {
        Money::new(minor, Currency::parse("CNY").expect("a currency"))
    }

    fn figures(gross: i64, taxes: &[i64], deduction: i64, commission: Commission) -> FormFigures {
        FormFigures { gross: cny(gross), taxes: taxes.iter().map(|tax| cny(*tax)).collect(), deduction: cny(deduction), commission }
    }

    #[test]
    fn a_complete_record_comes_out_exactly() {
        let settled = settle(&figures(76_000, &[5_000, 0], 3_800, Commission::Amount(cny(1_500))), Hidden::NOTHING, RULE);
        let expected = Settled { tax: cny(5_000), airline_refund: cny(77_200), commission: cny(1_500), net_refund: cny(75_700) };
        assert_eq!(settled, Ok(expected));
    }

    #[test]
    fn a_hidden_rate_is_added_to_the_one_that_is_shown() {
        let hidden = Hidden { z: SealedRate::parse("4.37").expect("a rate"), tour_code: false };
        let settled = settle(&figures(100_000, &[], 0, Commission::Rate(FIXED_POINTS)), hidden, RULE).expect("settled");
        assert_eq!((settled.commission, settled.net_refund), (cny(7_370), cny(92_630)));
        for other in [Commission::Rate(301), Commission::Amount(cny(3_000))] {
            assert_eq!(settle(&figures(100_000, &[], 0, other), hidden, RULE), Err(FormFault::FixedRate));
        }
        let tour = Hidden { z: SealedRate::NONE, tour_code: true };
        assert_eq!(settle(&figures(100_000, &[], 0, Commission::Rate(0)), tour, RULE), Err(FormFault::FixedRate));
    }

    #[test]
    fn what_does_not_add_up_is_refused() {
        let rate = Commission::Rate(0);
        assert_eq!(settle(&figures(1_000, &[0; 28], 0, rate), Hidden::NOTHING, RULE), Err(FormFault::TooManyTaxes));
        assert_eq!(settle(&figures(1_000, &[-1], 0, rate), Hidden::NOTHING, RULE), Err(FormFault::Figure));
        assert_eq!(settle(&figures(1_000, &[], 1_001, rate), Hidden::NOTHING, RULE), Err(FormFault::BelowZero));
        assert_eq!(settle(&figures(1_000, &[], 0, Commission::Amount(cny(1_001))), Hidden::NOTHING, RULE), Err(FormFault::Figure));
    }

    proptest! {
        #[test]
        fn gross_is_net_and_deduction_and_commission_less_tax(
            gross in 0i64..1_000_000_000, taxes in prop::collection::vec(0i64..10_000_000, 0..=MOST_TAXES),
            deduction in 0i64..1_000_000_000, points in 0i64..=10_000, z in 0u32..=9_700,
        ) {
            let z = SealedRate::parse(&format!("{}.{:02}", z / 100, z % 100)).expect("a rate");
            let hidden = Hidden { z, tour_code: false };
            let commission = Commission::Rate(if hidden.is_marked() { FIXED_POINTS } else { points });
            if let Ok(settled) = settle(&figures(gross, &taxes, deduction, commission), hidden, RULE) {
                prop_assert_eq!(gross, settled.net_refund.minor + deduction + settled.commission.minor - settled.tax.minor);
                prop_assert_eq!(settled.airline_refund.minor, gross + settled.tax.minor - deduction);
                prop_assert!(settled.net_refund.minor >= 0);
            }
        }

        /// A part and the rest of a ticket come to the whole: gross, tax, deduction and airline's refund to the cent,
        /// the commission but for the one cent that two roundings may differ from one.
        #[test]
        fn a_part_and_the_rest_are_the_whole(
            part in 0i64..500_000_000, rest in 0i64..500_000_000, tax in 0i64..1_000_000, other in 0i64..1_000_000, points in 0i64..=10_000,
        ) {
            let of = |gross, tax| settle(&figures(gross, &[tax], 0, Commission::Rate(points)), Hidden::NOTHING, RULE).expect("settled");
            let (one, two, whole) = (of(part, tax), of(rest, other), of(part + rest, tax + other));
            prop_assert_eq!(one.airline_refund.minor + two.airline_refund.minor, whole.airline_refund.minor);
            prop_assert!((one.net_refund.minor + two.net_refund.minor - whole.net_refund.minor).abs() <= 1);
        }
    }
}
