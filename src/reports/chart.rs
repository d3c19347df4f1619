//! Bars: each a link to the list behind it, with its figure beside it.

use crate::web::words::Message;

/// A part of a bar: how long in thousandths of the whole width, and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub start: i64,
    pub width: i64,
    pub tone: &'static str,
}

/// A bar of a chart.
#[derive(Debug, Clone)]
pub struct Bar {
    pub label: String,
    pub href: String,
    pub value: Message,
    pub parts: Vec<Part>,
    /// Where it stands in the picture, from above.
    pub top: i64,
}

/// Height of one bar with the room below it, in units of the picture.
pub const ROW: i64 = 28;

/// A chart.
#[derive(Debug, Clone, Default)]
pub struct Chart {
    pub bars: Vec<Bar>,
    /// What the colours mean.
    pub legend: Vec<(&'static str, Message)>,
}

impl Chart {
    /// The picture's height.
    #[must_use]
    pub fn height(&self) -> i64 {
        ROW * i64::try_from(self.bars.len()).unwrap_or(0)
    }

    /// Adds a bar whose parts stand behind each other; `whole` is the longest that a bar can be.
    pub fn add(&mut self, label: String, href: String, value: Message, parts: &[(i64, &'static str)], whole: i64) {
        let mut start = 0;
        let mut drawn = Vec::new();
        for (amount, tone) in parts {
            let width = share(*amount, whole);
            drawn.push(Part { start, width, tone });
            start += width;
        }
        let top = self.height();
        self.bars.push(Bar { label, href, value, parts: drawn, top });
    }

    /// Adds a bar with another, thinner one before it, for a figure and what is reached of it.
    pub fn add_over(&mut self, label: String, href: String, value: Message, (whole_bar, reached): (i64, i64), whole: i64) {
        let parts = vec![
            Part { start: 0, width: share(whole_bar, whole), tone: "rail" },
            Part { start: 0, width: share(reached, whole), tone: "reached" },
        ];
        let top = self.height();
        self.bars.push(Bar { label, href, value, parts, top });
    }
}

/// Thousandths of a whole, at least a hair when there is anything.
fn share(amount: i64, whole: i64) -> i64 {
    if amount <= 0 || whole <= 0 {
        return 0;
    }
    let share = i128::from(amount) * 1000 / i128::from(whole);
    i64::try_from(share).unwrap_or(1000).clamp(3, 1000)
}
