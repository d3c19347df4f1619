//! The five reports: each a sentence, a chart and a table.

use std::collections::BTreeMap;

use super::chart::{Bar, Chart};
use super::periods::Span;
use super::store;
use crate::db::{Conn, decode};
use crate::kernel::actor::Scope;
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Date, Timestamp};
use crate::refunds::model::{Difference, Kind, Status};
use crate::web::sheet::Cell;
use crate::web::words::{Message, Named};

crate::text_column! {
    /// Which report.
    pub enum Name {
        ExpectedReceived = "expected-received",
        DaysToMoney = "days-to-money",
        StateAge = "state-age",
        Attainment = "attainment",
        Differences = "differences",
    }
}

/// A report that is ready to be shown or downloaded.
#[derive(Debug)]
pub struct Report {
    pub name: Name,
    pub sentence: Message,
    pub chart: Chart,
    pub columns: Vec<&'static str>,
    /// Cells of the table; a message is said in its reader's language.
    pub rows: Vec<Vec<Value>>,
}

impl Report {
    /// The key of its title.
    #[must_use]
    pub fn title(&self) -> String {
        format!("report-{}", self.name)
    }

    /// What a bar is about: most name themselves, states and reasons have words.
    #[must_use]
    pub fn label(&self, bar: &Bar) -> Message {
        match self.name {
            Name::StateAge => bar.label.parse::<Status>().map_or_else(|_| Message::new("any"), |status| status.named()),
            Name::Differences => {
                let (word, currency) = bar.label.split_once(' ').unwrap_or((&bar.label, ""));
                let reason = word.parse::<Difference>().map_or_else(|_| Message::new("any"), |reason| reason.named());
                Message::new("report-label").word("word", reason).text("more", currency)
            }
            _ => Message::new("report-plain").text("text", &bar.label),
        }
    }

    /// Whether its bars stand over a rail, and are thinner than it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.name, Name::ExpectedReceived | Name::DaysToMoney)
    }
}

/// A cell of a report.
#[derive(Debug, Clone)]
pub enum Value {
    Text(String),
    Word(Message),
    Count(i64),
    /// A count, and the list of what it counts.
    Linked(i64, String),
    Amount(Money),
}

impl Value {
    /// As a cell of a file.
    #[must_use]
    pub fn cell(&self, say: &dyn Fn(&Message) -> String) -> Cell {
        match self {
            Self::Text(text) => Cell::Text(text.clone()),
            Self::Word(message) => Cell::Text(say(message)),
            Self::Count(count) | Self::Linked(count, _) => Cell::Count(*count),
            Self::Amount(amount) => Cell::Amount(Some(*amount)),
        }
    }
}

/// Who asks for which refunds, and for which time.
#[derive(Debug)]
pub struct Asked<'a> {
    pub scope: &'a Scope,
    pub kind: Kind,
    pub months: &'a [Span],
    pub weeks: &'a [Span],
    /// Spans of age, the youngest first.
    pub ages: &'a [Span],
    /// The airline that is looked at alone.
    pub airline: &'a str,
    pub now: Timestamp,
}

impl Asked<'_> {
    /// The list behind a bar, with these filters.
    fn list(&self, filters: &[(&str, &str)]) -> String {
        let tab = if self.kind == Kind::Claim { "claims" } else { "refunds" };
        let mut filters = filters.to_vec();
        if !self.airline.is_empty() && filters.iter().all(|(name, _)| *name != "airline") {
            filters.push(("airline", self.airline));
        }
        let query = serde_html_form::to_string(filters).unwrap_or_default();
        format!("/finance/{tab}?{query}")
    }

    fn since(&self) -> Timestamp {
        self.months.first().map_or(self.now, |month| month.from)
    }
}

/// Makes a report.
///
/// # Errors
/// The database's own.
pub async fn make(conn: &mut Conn, name: Name, asked: &Asked<'_>) -> Result<Report, sqlx::Error> {
    match name {
        Name::ExpectedReceived => expected_received(conn, asked).await,
        Name::DaysToMoney => days_to_money(conn, asked).await,
        Name::StateAge => state_age(conn, asked).await,
        Name::Attainment => attainment(conn, asked).await,
        Name::Differences => differences(conn, asked).await,
    }
}

fn currency(code: &str) -> Result<Currency, sqlx::Error> {
    Currency::parse(code).map_err(decode)
}

fn index(no: i64) -> usize {
    usize::try_from(no).unwrap_or(0)
}

async fn expected_received(conn: &mut Conn, asked: &Asked<'_>) -> Result<Report, sqlx::Error> {
    let found = store::expected(conn, asked.scope, asked.kind, asked.months, asked.airline).await?;
    let mut most: BTreeMap<&str, i64> = BTreeMap::new();
    for one in &found {
        let longest = one.expected_minor.max(one.received_minor);
        most.entry(&one.currency).and_modify(|most| *most = (*most).max(longest)).or_insert(longest);
    }
    let (mut chart, mut rows) = (Chart::default(), Vec::new());
    for one in &found {
        let (money, month) = (currency(&one.currency)?, &asked.months[index(one.span).min(asked.months.len() - 1)]);
        let (expected, received) = (Money::new(one.expected_minor, money), Money::new(one.received_minor, money));
        let (first, last) = (month.first.to_string(), month.last.to_string());
        let filters = [
            ("airline", one.airline.as_str()),
            ("currency", one.currency.as_str()),
            ("channel", "deposit"),
            ("standing", "expected"),
            ("registered_from", &first),
            ("registered_to", &last),
        ];
        let value = Message::new("report-of").money("received", received).money("expected", expected);
        let whole = most.get(one.currency.as_str()).copied().unwrap_or(0);
        chart.add_over(
            format!("{} {}", one.airline, month.label),
            asked.list(&filters),
            value,
            (one.expected_minor, one.received_minor),
            whole,
        );
        rows.push(vec![
            Value::Text(one.airline.clone()),
            Value::Text(month.label.clone()),
            Value::Count(one.refunds),
            Value::Amount(expected),
            Value::Amount(received),
            Value::Text(one.currency.clone()),
        ]);
    }
    chart.legend = vec![("rail", Message::new("report-expected")), ("reached", Message::new("report-received"))];
    let sentence = match found.iter().max_by_key(|one| one.expected_minor - one.received_minor) {
        Some(one) if one.expected_minor > one.received_minor => Message::new("report-expected-sentence")
            .text("airline", &one.airline)
            .money("amount", Money::new(one.expected_minor - one.received_minor, currency(&one.currency)?)),
        _ => Message::new("report-expected-nothing"),
    };
    let columns = vec!["airline", "report-month", "report-refunds", "report-expected", "report-received", "currency"];
    Ok(Report { name: Name::ExpectedReceived, sentence, chart, columns, rows })
}

/// The value that so many hundredths of all are not above.
fn percentile(days: &[(i64, i64)], hundredths: i64) -> i64 {
    let all: i64 = days.iter().map(|(_, count)| count).sum();
    let mut seen = 0;
    for (day, count) in days {
        seen += count;
        if seen * 100 >= all * hundredths {
            return *day;
        }
    }
    0
}

async fn days_to_money(conn: &mut Conn, asked: &Asked<'_>) -> Result<Report, sqlx::Error> {
    let found = store::money_days(conn, asked.scope, asked.kind, asked.airline, asked.since()).await?;
    let mut airlines: BTreeMap<String, BTreeMap<i64, i64>> = BTreeMap::new();
    for (airline, from, to, count) in found {
        let days = match (from.parse::<Date>(), to.parse::<Date>()) {
            (Ok(from), Ok(to)) => i64::from(to.since(from).map_or(0, |span| span.get_days())).max(0),
            _ => continue,
        };
        *airlines.entry(airline).or_default().entry(days).or_default() += count;
    }
    let mut all: Vec<(String, i64, i64, i64)> = airlines
        .into_iter()
        .map(|(airline, days)| {
            let days: Vec<(i64, i64)> = days.into_iter().collect();
            let count = days.iter().map(|(_, count)| count).sum();
            (airline, count, percentile(&days, 50), percentile(&days, 90))
        })
        .collect();
    all.sort_by_key(|(_, _, _, p90)| -p90);
    let whole = all.iter().map(|(_, _, _, p90)| *p90).max().unwrap_or(0).max(1);
    let from = asked.months.first().map(|month| month.first.to_string()).unwrap_or_default();
    let (mut chart, mut rows) = (Chart::default(), Vec::new());
    for (airline, count, p50, p90) in &all {
        let value = Message::new("report-days").count("p50", *p50).count("p90", *p90);
        let filters = [("airline", airline.as_str()), ("status", Status::Refunded.word()), ("refunded_from", &from)];
        chart.add_over(airline.clone(), asked.list(&filters), value, (*p90, *p50), whole);
        rows.push(vec![Value::Text(airline.clone()), Value::Count(*count), Value::Count(*p50), Value::Count(*p90)]);
    }
    chart.legend = vec![("reached", Message::new("report-p50")), ("rail", Message::new("report-p90"))];
    let sentence = match all.first() {
        Some((airline, _, _, p90)) => Message::new("report-days-sentence").text("airline", airline).count("days", *p90),
        None => Message::new("report-days-nothing"),
    };
    Ok(Report { name: Name::DaysToMoney, sentence, chart, columns: vec!["airline", "report-refunds", "report-p50", "report-p90"], rows })
}

/// Tones of the ages, the youngest first.
const TONES: [&str; 4] = ["age-0", "age-1", "age-2", "age-3"];

/// The keys of the ages' names.
pub const AGE_KEYS: [&str; 4] = ["age-week", "report-age-three-weeks", "report-age-two-months", "age-older"];

async fn state_age(conn: &mut Conn, asked: &Asked<'_>) -> Result<Report, sqlx::Error> {
    let found = store::ages(conn, asked.scope, asked.kind, asked.airline, asked.ages).await?;
    let mut states: BTreeMap<String, [i64; 4]> = BTreeMap::new();
    for (age, status, count) in found {
        states.entry(status).or_default()[index(age).min(3)] += count;
    }
    let whole = states.values().map(|counts| counts.iter().sum::<i64>()).max().unwrap_or(0);
    let (mut chart, mut rows, mut oldest) = (Chart::default(), Vec::new(), 0);
    for (word, counts) in &states {
        let Ok(status) = word.parse::<Status>() else { continue };
        let sum: i64 = counts.iter().sum();
        let parts: Vec<(i64, &'static str)> = counts.iter().copied().zip(TONES).collect();
        let value = Message::new("report-count").count("count", sum);
        chart.add(word.clone(), asked.list(&[("status", word.as_str()), ("standing", "open")]), value, &parts, whole);
        let mut row = vec![Value::Word(status.named())];
        for (count, age) in counts.iter().zip(asked.ages) {
            let (first, last) = (age.first.to_string(), age.last.to_string());
            let of_age = [("status", word.as_str()), ("standing", "open"), ("registered_from", &first), ("registered_to", &last)];
            row.push(Value::Linked(*count, asked.list(&of_age)));
        }
        row.push(Value::Count(sum));
        rows.push(row);
        oldest += counts[3];
    }
    chart.legend = TONES.iter().copied().zip(AGE_KEYS.map(Message::new)).collect();
    let columns = [vec!["status"], AGE_KEYS.to_vec(), vec!["total"]].concat();
    Ok(Report { name: Name::StateAge, sentence: Message::new("report-age-sentence").count("count", oldest), chart, columns, rows })
}

async fn attainment(conn: &mut Conn, asked: &Asked<'_>) -> Result<Report, sqlx::Error> {
    let found = store::attained(conn, asked.scope, asked.kind, asked.airline, asked.weeks, asked.now).await?;
    let (mut chart, mut rows) = (Chart::default(), Vec::new());
    let (mut in_time, mut judged) = (0, 0);
    for one in &found {
        let week = &asked.weeks[index(one.span).min(asked.weeks.len() - 1)];
        let decided = one.in_time + one.late;
        let percent = (decided > 0).then(|| one.in_time * 100 / decided);
        let value = match percent {
            Some(percent) => Message::new("report-percent").count("percent", percent).count("late", one.late),
            None => Message::new("report-none-judged"),
        };
        let (first, last) = (week.first.to_string(), week.last.to_string());
        let filters = [("standing", "judged"), ("registered_from", first.as_str()), ("registered_to", last.as_str())];
        chart.add(week.label.clone(), asked.list(&filters), value, &[(one.in_time, "reached"), (one.late, "late")], decided.max(1));
        rows.push(vec![
            Value::Text(week.label.clone()),
            Value::Count(one.refunds),
            Value::Count(one.in_time),
            Value::Count(one.late),
            percent.map_or_else(|| Value::Text("–".to_owned()), Value::Count),
        ]);
        in_time += one.in_time;
        judged += decided;
    }
    chart.legend = vec![("reached", Message::new("report-in-time")), ("late", Message::new("report-late"))];
    let percent = if judged == 0 { 100 } else { in_time * 100 / judged };
    let columns = vec!["report-week", "report-refunds", "report-in-time", "report-late", "report-percent-in-time"];
    Ok(Report {
        name: Name::Attainment,
        sentence: Message::new("report-attainment-sentence").count("percent", percent),
        chart,
        columns,
        rows,
    })
}

async fn differences(conn: &mut Conn, asked: &Asked<'_>) -> Result<Report, sqlx::Error> {
    let until = asked.months.last().map_or(asked.now, |month| month.until);
    let found = store::differences(conn, asked.scope, asked.kind, asked.airline, (asked.since(), until)).await?;
    let whole = found.iter().map(|(_, _, count, _)| *count).max().unwrap_or(0);
    let (first, last) = (
        asked.months.first().map(|month| month.first.to_string()).unwrap_or_default(),
        asked.months.last().map(|month| month.last.to_string()).unwrap_or_default(),
    );
    let (mut chart, mut rows) = (Chart::default(), Vec::new());
    for (word, code, count, minor) in &found {
        let Ok(reason) = word.parse::<Difference>() else { continue };
        let amount = Money::new(*minor, currency(code)?);
        let value = Message::new("report-difference").count("count", *count).money("amount", amount);
        let filters = [("difference", word.as_str()), ("currency", code.as_str()), ("refunded_from", &first), ("refunded_to", &last)];
        chart.add(format!("{word} {code}"), asked.list(&filters), value, &[(*count, "reached")], whole);
        rows.push(vec![Value::Word(reason.named()), Value::Count(*count), Value::Amount(amount), Value::Text(code.clone())]);
    }
    let sentence = match found.first() {
        Some((word, _, count, _)) => Message::new("report-differences-sentence")
            .word("reason", word.parse::<Difference>().map_or_else(|_| Message::new("difference-other"), |reason| reason.named()))
            .count("count", *count),
        None => Message::new("report-differences-nothing"),
    };
    let columns = vec!["amount-difference", "report-refunds", "report-difference-sum", "currency"];
    Ok(Report { name: Name::Differences, sentence, chart, columns, rows })
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn percentiles_are_days_that_were_really_taken() {
        let days = [(1, 5), (7, 4), (30, 1)];
        assert_eq!((percentile(&days, 50), percentile(&days, 90), percentile(&days, 100)), (1, 7, 30));
        assert_eq!(percentile(&[], 50), 0);
    }
}
