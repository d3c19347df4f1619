//! What the law gives a traveller whose flight the airline cancels or changes: dated rows, and calendars of working days.

use std::sync::LazyLock;

use jiff::civil::Weekday;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernel::code::Code;
use crate::kernel::time::Date;

/// The regimes and the calendars that their deadlines need.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Law {
    pub regimes: Vec<Regime>,
    pub calendars: Vec<Calendar>,
}

/// One law. It holds for a journey when `reach` does, on days from `from` until `until`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Regime {
    pub name: String,
    /// The article, as it is cited.
    pub basis: String,
    pub from: Date,
    #[serde(default)]
    pub until: Option<Date>,
    /// ISO countries of the law.
    pub countries: Vec<Code>,
    pub reach: Reach,
    /// The IANA zone whose date the deadline runs from.
    pub zone: String,
    pub triggers: Vec<Trigger>,
    /// For refunds to a card, and for all others; nothing where the law names none.
    #[serde(default)]
    pub card: Option<Term>,
    #[serde(default)]
    pub other: Option<Term>,
    /// The country whose calendar says what a working day is.
    #[serde(default)]
    pub calendar: Option<Code>,
}

crate::text_column! {
    /// Which journeys a law is for.
    pub enum Reach {
        /// From, to or within its countries.
        Touches = "touches",
        /// Departing from its countries, or arriving there with a carrier of its countries.
        DepartsOrOwnCarrier = "departs-or-own-carrier",
    }
}

/// What gives the right to a full refund. Exactly the threshold counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    Cancelled,
    CancelledByCarrier,
    DepartsEarlier(Threshold),
    ArrivesLater(Threshold),
    /// A later departure of so many minutes.
    Delayed {
        minutes: i64,
    },
    DelayedByCarrier {
        minutes: i64,
    },
    OtherAirport,
    MoreConnections,
    Downgraded,
    /// Nothing was offered that departs within so many minutes of the ticketed departure.
    NotRebookedWithin {
        minutes: i64,
    },
    /// Any change that is the carrier's cause.
    ChangedByCarrier,
}

/// Minutes that differ between journeys inside one country and others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    pub domestic_minutes: i64,
    pub international_minutes: i64,
}

/// How long the refund may take, counted from the day after the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Term {
    WorkingDays(i64),
    CalendarDays(i64),
}

/// The working days of a country, known from `from` until `until`, both included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    pub country: Code,
    pub source: String,
    pub from: Date,
    pub until: Date,
    /// Days without work that are no Saturday or Sunday.
    pub holidays: Vec<Date>,
    /// Saturdays and Sundays that are worked.
    #[serde(default)]
    pub workdays: Vec<Date>,
}

static SHIPPED: LazyLock<Law> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../rules/law/regimes.json")).unwrap_or_else(|error| panic!("rules/law/regimes.json: {error}"))
});

impl Law {
    /// The regimes and calendars in `rules/law/regimes.json`.
    #[must_use]
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    /// The day by which a term is over, or nothing where the calendar of working days does not reach.
    #[must_use]
    pub fn deadline(&self, regime: &Regime, term: Term, begin: Date) -> Option<Date> {
        match term {
            Term::CalendarDays(days) => begin.checked_add(jiff::Span::new().try_days(days).ok()?).ok(),
            Term::WorkingDays(days) => {
                let calendar = self.calendars.iter().find(|calendar| Some(calendar.country) == regime.calendar)?;
                let mut day = begin;
                let mut left = days;
                while left > 0 {
                    day = day.tomorrow().ok()?;
                    left -= i64::from(calendar.is_workday(day)?);
                }
                Some(day)
            }
        }
    }
}

impl Calendar {
    /// Whether a day is worked, or nothing outside of the days that are known.
    #[must_use]
    pub fn is_workday(&self, day: Date) -> Option<bool> {
        if day < self.from || day > self.until {
            return None;
        }
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        Some(self.workdays.contains(&day) || !(weekend || self.holidays.contains(&day)))
    }
}
