//! Amounts, numbers and times as each language writes them. The currency is always its ISO code.

use std::sync::OnceLock;

use icu_decimal::DecimalFormatter;
use icu_decimal::input::Decimal as Figure;

use crate::kernel::language::Language;
use crate::kernel::money::Money;
use crate::kernel::time::{Date, DateTime, Timestamp};

/// What only says how much waits is counted no further, and costs the same however much it is: the page says "999+".
pub const COUNTED: i64 = 1_000;

fn formatter(language: Language) -> Option<&'static DecimalFormatter> {
    static FORMATTERS: OnceLock<Vec<Option<DecimalFormatter>>> = OnceLock::new();
    let all = FORMATTERS.get_or_init(|| {
        Language::ALL
            .iter()
            .map(|language| {
                let locale: icu_locale_core::Locale = language.word().parse().ok()?;
                DecimalFormatter::try_new(locale.into(), icu_decimal::options::DecimalFormatterOptions::default()).ok()
            })
            .collect()
    });
    all[language as usize].as_ref()
}

/// `12,345.67` or `12.345,67`.
#[must_use]
pub fn figure(plain: &str, language: Language) -> String {
    match (formatter(language), plain.parse::<Figure>()) {
        (Some(formatter), Ok(figure)) => formatter.format(&figure).to_string(),
        _ => plain.to_owned(),
    }
}

/// A whole number with its groups.
#[must_use]
pub fn count(number: i64, language: Language) -> String {
    figure(&number.to_string(), language)
}

/// `USD 12,345.67`; an amount below zero has its minus before the figures.
#[must_use]
pub fn money(amount: Money, language: Language) -> String {
    format!("{}\u{a0}{}", amount.currency, bare(amount, language))
}

/// The figures without the currency, for columns that name it once.
#[must_use]
pub fn bare(amount: Money, language: Language) -> String {
    figure(&amount.decimal().to_string(), language).replace('-', "−")
}

/// `2026-11-21 09:11` in a person's zone.
#[must_use]
pub fn moment(at: Timestamp, zone_name: &str) -> String {
    at.in_tz(zone_name).map_or_else(|_| at.to_string(), |zoned| zoned.strftime("%Y-%m-%d %H:%M").to_string())
}

/// `2026-11-21 13:25` as the airport's clocks say.
#[must_use]
pub fn local(at: DateTime) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

/// `2026-11-21`.
#[must_use]
pub fn day(day: Date) -> String {
    day.to_string()
}

/// `26:05`: hours and minutes of a countdown.
#[must_use]
pub fn hours_and_minutes(minutes: i64) -> String {
    format!("{}:{:02}", minutes / 60, minutes % 60)
}
