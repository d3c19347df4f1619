//! What is wrong with a rule set that can be read but must not be used.

use super::conditions::{Conditions, Fee, NoShow, Refundability, Span, Window};
use super::law::Calendar;
use super::rules::RuleSet;
use crate::kernel::code::Code;
use crate::kernel::money::Money;

crate::text_column! {
    /// One kind of mistake.
    pub enum Mistake {
        Empty = "empty",
        NotAName = "not-a-name",
        BeginsAfterEnd = "begins-after-end",
        NoWindows = "no-windows",
        OpenBeginning = "open-beginning",
        OpenEnd = "open-end",
        GapOrOverlap = "gap-or-overlap",
        MixedSpans = "mixed-spans",
        FeeMissing = "fee-missing",
        FeeUnused = "fee-unused",
        AboveWhole = "above-whole",
        BelowZero = "below-zero",
        MinimumAboveMaximum = "minimum-above-maximum",
        TwiceInCurrency = "twice-in-currency",
        Unreachable = "unreachable",
        Twice = "twice",
        NotACountry = "not-a-country",
        UnknownZone = "unknown-zone",
        CalendarMissing = "calendar-missing",
        WaivesNothing = "waives-nothing",
        VoidWindow = "void-window",
    }
}

/// A mistake and where it is, such as `conditions[0].windows[2].fee`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub path: String,
    pub mistake: Mistake,
}

/// Everything that is wrong; nothing for a rule set that may be used.
#[must_use]
pub fn check(rules: &RuleSet) -> Vec<Problem> {
    let mut found = Found(Vec::new());
    for (path, text) in [("name", &rules.name), ("version", &rules.version), ("title", &rules.title), ("source", &rules.source)] {
        found.when(text.trim().is_empty(), path, Mistake::Empty);
    }
    let is_name = |text: &str| text.len() <= 40 && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'));
    found.when(!is_name(&rules.name), "name", Mistake::NotAName);
    found.when(!is_name(&rules.version), "version", Mistake::NotAName);
    found.when(
        rules.issued_from.zip(rules.issued_until).is_some_and(|(from, until)| from > until),
        "issued_until",
        Mistake::BeginsAfterEnd,
    );
    for (place, country) in rules.market.countries.iter().enumerate() {
        found.when(!is_country(*country), &format!("market.countries[{place}]"), Mistake::NotACountry);
    }
    found.when(rules.home_country.is_some_and(|country| !is_country(country)), "home_country", Mistake::NotACountry);
    for (place, conditions) in rules.conditions.iter().enumerate() {
        let path = format!("conditions[{place}]");
        check_conditions(conditions, &path, &mut found);
        let covers_all =
            |earlier: &Conditions| earlier.applies == super::conditions::Applies::default() || earlier.applies == conditions.applies;
        found.when(rules.conditions[..place].iter().any(covers_all), &path, Mistake::Unreachable);
    }
    for (place, factor) in rules.passenger_factors.iter().enumerate() {
        let path = format!("passenger_factors[{place}]");
        found.when(factor.basis_points > 10_000, &path, Mistake::AboveWhole);
        let same =
            |other: &super::rules::PassengerFactor| (other.passenger_type, other.has_seat) == (factor.passenger_type, factor.has_seat);
        found.when(rules.passenger_factors[..place].iter().any(same), &path, Mistake::Twice);
    }
    for (place, waiver) in rules.waivers.iter().enumerate() {
        let path = format!("waivers[{place}]");
        found.when(waiver.waives.is_empty(), &path, Mistake::WaivesNothing);
        found.when(waiver.from.zip(waiver.until).is_some_and(|(from, until)| from > until), &path, Mistake::BeginsAfterEnd);
        found.when(rules.waivers[..place].iter().any(|other| other.code == waiver.code), &path, Mistake::Twice);
    }
    let classes = &rules.used_fare.booking_classes;
    for (place, class) in classes.iter().enumerate() {
        found.when(classes[..place].contains(class), &format!("used_fare.booking_classes[{place}]"), Mistake::Twice);
    }
    found.when(rules.taxes.tax_only_fee.is_some_and(|fee| fee.minor < 0), "taxes.tax_only_fee", Mistake::BelowZero);
    let sound = rules.void.as_ref().is_none_or(|void| void.window.is_sound() && !void.payments.is_empty());
    found.when(!sound, "void", Mistake::VoidWindow);
    check_law(rules, &mut found);
    found.0
}

/// Whether conditions that come with facts have a fee that no rule can mean, or are longer than any.
#[must_use]
pub fn is_unsound(conditions: &Conditions) -> bool {
    let mut found = Found(Vec::new());
    for window in &conditions.windows {
        check_fee(window.fee.as_ref(), "", &mut found);
        let below = |amount: Option<Money>| amount.is_some_and(|amount| amount.minor < 0);
        found.when(below(window.minimum) || below(window.maximum), "", Mistake::BelowZero);
    }
    check_fee(conditions.no_show.as_ref().and_then(|rule| rule.fee.as_ref()), "", &mut found);
    found.when(conditions.misc_fee.is_some_and(|fee| fee.minor < 0), "", Mistake::BelowZero);
    let applies = &conditions.applies;
    let longest = [applies.booking_classes.len(), applies.fare_bases.len(), applies.document_numbers.len(), conditions.windows.len()];
    !found.0.is_empty() || longest.into_iter().any(|length| length > MAX_LIST)
}

/// Windows of a ladder, and codes of one kind that conditions name.
const MAX_LIST: usize = 200;

struct Found(Vec<Problem>);

impl Found {
    fn when(&mut self, is_so: bool, path: &str, mistake: Mistake) {
        if is_so {
            self.0.push(Problem { path: path.to_owned(), mistake });
        }
    }
}

fn is_country(code: Code) -> bool {
    code.text().len() == 2 && code.text().bytes().all(|byte| byte.is_ascii_uppercase())
}

fn check_conditions(conditions: &Conditions, path: &str, found: &mut Found) {
    found.when(conditions.name.trim().is_empty(), &format!("{path}.name"), Mistake::Empty);
    let (first, last) = (conditions.windows.first(), conditions.windows.last());
    found.when(first.is_none(), &format!("{path}.windows"), Mistake::NoWindows);
    found.when(first.is_some_and(|window| window.span.range().from.is_some()), &format!("{path}.windows[0].span"), Mistake::OpenBeginning);
    let at_last = format!("{path}.windows[{}].span", conditions.windows.len().saturating_sub(1));
    found.when(last.is_some_and(|window| window.span.range().to.is_some()), &at_last, Mistake::OpenEnd);
    for (place, window) in conditions.windows.iter().enumerate() {
        let path = format!("{path}.windows[{place}]");
        check_window(window, &path, found);
        let Some(before) = place.checked_sub(1).and_then(|before| conditions.windows.get(before)) else { continue };
        let same_kind = matches!((before.span, window.span), (Span::Minutes(_), Span::Minutes(_)) | (Span::Days(_), Span::Days(_)));
        found.when(!same_kind, &format!("{path}.span"), Mistake::MixedSpans);
        let (earlier, later) = (before.span.range(), window.span.range());
        // The edge between two windows belongs to exactly one of them.
        let joined = earlier.to.is_some() && earlier.to == later.from && earlier.to_included == later.to_included;
        found.when(same_kind && !joined, &format!("{path}.span"), Mistake::GapOrOverlap);
    }
    if let Some(rule) = &conditions.no_show {
        check_no_show(rule, &format!("{path}.no_show"), found);
    }
    found.when(conditions.misc_fee.is_some_and(|fee| fee.minor < 0), &format!("{path}.misc_fee"), Mistake::BelowZero);
}

fn check_window(window: &Window, path: &str, found: &mut Found) {
    let range = window.span.range();
    found.when(range.from.zip(range.to).is_some_and(|(from, to)| from <= to), &format!("{path}.span"), Mistake::BeginsAfterEnd);
    let wants_fee = window.refundability == Refundability::WithFee;
    found.when(wants_fee && window.fee.is_none(), &format!("{path}.fee"), Mistake::FeeMissing);
    found.when(!wants_fee && window.fee.is_some(), &format!("{path}.fee"), Mistake::FeeUnused);
    check_fee(window.fee.as_ref(), &format!("{path}.fee"), found);
    let limits = window.minimum.zip(window.maximum);
    let wrong = limits.is_some_and(|(low, high)| low.currency != high.currency || low.minor > high.minor);
    found.when(wrong, &format!("{path}.minimum"), Mistake::MinimumAboveMaximum);
    let below = |amount: Option<Money>| amount.is_some_and(|amount| amount.minor < 0);
    found.when(below(window.minimum) || below(window.maximum), &format!("{path}.minimum"), Mistake::BelowZero);
}

fn check_no_show(rule: &NoShow, path: &str, found: &mut Found) {
    found.when(rule.cutoff_minutes < 0, &format!("{path}.cutoff_minutes"), Mistake::BelowZero);
    let wants_fee = rule.refundability == Refundability::WithFee;
    found.when(wants_fee && rule.fee.is_none(), &format!("{path}.fee"), Mistake::FeeMissing);
    let unused = !wants_fee && rule.fee.is_some();
    found.when(unused, &format!("{path}.fee"), Mistake::FeeUnused);
    check_fee(rule.fee.as_ref(), &format!("{path}.fee"), found);
}

fn check_fee(fee: Option<&Fee>, path: &str, found: &mut Found) {
    match fee {
        None => {}
        Some(Fee::Amount(amount)) => found.when(amount.minor < 0, path, Mistake::BelowZero),
        Some(Fee::BasisPoints(points)) => found.when(*points > 10_000, path, Mistake::AboveWhole),
        Some(Fee::LocalAmounts(amounts)) => {
            found.when(amounts.is_empty(), path, Mistake::Empty);
            found.when(amounts.iter().any(|amount| amount.minor < 0), path, Mistake::BelowZero);
            let twice = (1..amounts.len()).any(|place| amounts[..place].iter().any(|other| other.currency == amounts[place].currency));
            found.when(twice, path, Mistake::TwiceInCurrency);
        }
    }
}

fn check_law(rules: &RuleSet, found: &mut Found) {
    let Some(law) = &rules.law else { return };
    for (place, regime) in law.regimes.iter().enumerate() {
        let path = format!("law.regimes[{place}]");
        found.when(jiff::tz::TimeZone::get(&regime.zone).is_err(), &format!("{path}.zone"), Mistake::UnknownZone);
        found.when(regime.until.is_some_and(|until| until < regime.from), &format!("{path}.until"), Mistake::BeginsAfterEnd);
        let works = [regime.card, regime.other].iter().flatten().any(|term| matches!(term, super::law::Term::WorkingDays(_)));
        found.when(works && regime.calendar.is_none(), &format!("{path}.calendar"), Mistake::CalendarMissing);
    }
    let ends_early = |calendar: &Calendar| calendar.until < calendar.from;
    for (place, calendar) in law.calendars.iter().enumerate() {
        found.when(ends_early(calendar), &format!("law.calendars[{place}].until"), Mistake::BeginsAfterEnd);
    }
}
