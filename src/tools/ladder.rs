//! A refund ladder as it is drawn and said: one step for each window.

use crate::bookings::fare_rules::duration;
use crate::kernel::money::Money;
use crate::refund_calculation::conditions::{Conditions, Fee, FeeBase, Refundability, Span, Window};
use crate::web::words::{Message, Named};

/// One set of conditions, ready to draw.
#[derive(Debug)]
pub struct Ladder {
    pub name: String,
    pub source: Option<String>,
    /// For whom it holds, as codes.
    pub applies: Vec<String>,
    pub unit: Message,
    pub steps: Vec<Rung>,
    pub no_show: Option<(Message, Figures)>,
    /// What the drawing is wide.
    pub width: usize,
}

/// A fee's amounts or its share; nothing where there is none.
#[derive(Debug, Default)]
pub struct Figures {
    pub amounts: Vec<Money>,
    pub percent: Option<rust_decimal::Decimal>,
}

/// One window.
#[derive(Debug)]
pub struct Rung {
    pub when: Message,
    pub fee: Figures,
    /// Said where there is no figure.
    pub says: Option<Message>,
    pub of: Option<Message>,
    pub tone: &'static str,
    pub x: usize,
    pub y: usize,
    pub height: usize,
}

const RUNG_WIDTH: usize = 80;
const DRAWING_HEIGHT: usize = 60;

impl Ladder {
    /// Draws conditions.
    #[must_use]
    pub fn of(conditions: &Conditions) -> Self {
        let highest = conditions.windows.iter().filter_map(|window| amount(window.fee.as_ref())).max().unwrap_or(0);
        let steps = conditions.windows.iter().enumerate().map(|(place, window)| rung(place, window, highest));
        let applies = &conditions.applies;
        let codes = applies.booking_classes.iter().chain(&applies.fare_bases).chain(&applies.document_numbers).map(ToString::to_string);
        Self {
            name: conditions.name.clone(),
            source: conditions.source.clone(),
            applies: codes.collect(),
            unit: conditions.fee_unit.named(),
            steps: steps.collect(),
            no_show: conditions.no_show.as_ref().map(|rule| {
                let cutoff = match rule.cutoff_minutes {
                    0 => Message::new("rule-set-no-show-departed"),
                    minutes => Message::new("rule-set-no-show").word("cutoff", duration(minutes)),
                };
                (cutoff, figures(rule.fee.as_ref()))
            }),
            width: conditions.windows.len() * RUNG_WIDTH,
        }
    }
}

fn amount(fee: Option<&Fee>) -> Option<i64> {
    match fee? {
        Fee::Amount(amount) => Some(amount.minor),
        Fee::LocalAmounts(amounts) => amounts.first().map(|amount| amount.minor),
        Fee::BasisPoints(_) => None,
    }
}

fn figures(fee: Option<&Fee>) -> Figures {
    match fee {
        None => Figures::default(),
        Some(Fee::Amount(amount)) => Figures { amounts: vec![*amount], percent: None },
        Some(Fee::LocalAmounts(amounts)) => Figures { amounts: amounts.clone(), percent: None },
        Some(Fee::BasisPoints(points)) => {
            Figures { amounts: Vec::new(), percent: Some(rust_decimal::Decimal::new(i64::from(*points), 2).normalize()) }
        }
    }
}

fn rung(place: usize, window: &Window, highest: i64) -> Rung {
    // How much is kept, in hundredths of a percent: of the fare, or of the highest amount of the ladder.
    let kept = match (window.refundability, &window.fee) {
        (Refundability::NonRefundable, _) => 10_000,
        (_, Some(Fee::BasisPoints(points))) => i64::from(*points),
        (_, fee) if highest > 0 => amount(fee.as_ref()).unwrap_or(0).saturating_mul(7_500) / highest,
        _ => 0,
    };
    let height = usize::try_from(kept.clamp(0, 10_000)).unwrap_or(0) * DRAWING_HEIGHT / 10_000;
    let height = height.max(2);
    Rung {
        when: when(window),
        fee: figures(window.fee.as_ref()),
        says: match window.refundability {
            Refundability::NonRefundable => Some(Message::new("ladder-nothing")),
            Refundability::Free => Some(Message::new("ladder-free")),
            Refundability::WithFee => None,
        },
        of: matches!(window.fee, Some(Fee::BasisPoints(_))).then(|| match window.base {
            FeeBase::Fare => Message::new("ladder-of-fare"),
            FeeBase::FarePlusFuel => Message::new("ladder-of-fare-plus-fuel"),
            FeeBase::FarePlusTax => Message::new("ladder-of-fare-plus-tax"),
            FeeBase::Component => Message::new("ladder-of-component"),
        }),
        tone: match window.refundability {
            Refundability::NonRefundable => "lost",
            Refundability::WithFee => "fee",
            Refundability::Free => "free",
        },
        x: place * RUNG_WIDTH,
        y: DRAWING_HEIGHT - height,
        height,
    }
}

fn when(window: &Window) -> Message {
    let point = |value: i64| match window.span {
        Span::Minutes(_) => crate::refunds::explaining::point(value),
        Span::Days(_) => match value {
            0 => Message::new("ladder-day-itself"),
            1.. => Message::new("ladder-days-before").count("count", value),
            _ => Message::new("ladder-days-after").count("count", value.saturating_neg()),
        },
    };
    let range = window.span.range();
    match (range.from, range.to) {
        (None, None) => Message::new("ladder-always"),
        (None, Some(to)) => Message::new(if range.to_included { "ladder-until-with" } else { "ladder-until" }).word("to", point(to)),
        (Some(from), None) => Message::new(if range.to_included { "ladder-after" } else { "ladder-from" }).word("from", point(from)),
        (Some(from), Some(to)) => {
            let key = if range.to_included { "ladder-between-with" } else { "ladder-between" };
            Message::new(key).word("from", point(from)).word("to", point(to))
        }
    }
}
