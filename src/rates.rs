//! Dated exchange rates: loaded from a file by the operator, read by every quote.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::db::rows::{self, Table};
use crate::db::{Conn, Db, decode, revisions};
use crate::kernel::money::Currency;
use crate::kernel::time::Date;

/// One unit of `from` was worth `rate` units of `to` on `day`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    pub from: Currency,
    pub to: Currency,
    pub day: Date,
    pub rate: Decimal,
}

/// Why a line of a rates file was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    pub line: u64,
    pub cause: String,
}

/// Reads a file with the header `date,from,to,rate`. Bad lines are told apart, the others are kept.
pub fn read(input: impl std::io::Read) -> (Vec<Rate>, Vec<BadLine>) {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(input);
    let columns = reader.headers().map(|header| ["date", "from", "to", "rate"].map(|name| header.iter().position(|h| h == name)));
    let Ok([Some(day), Some(from), Some(to), Some(rate)]) = columns else {
        return (good, vec![BadLine { line: 1, cause: "the first line must be date,from,to,rate".to_owned() }]);
    };
    for (index, record) in reader.records().enumerate() {
        let line = index as u64 + 2;
        let parsed = record.map_err(|error| error.to_string()).and_then(|record| {
            let cell = |column: usize| record.get(column).unwrap_or_default();
            parse(cell(day), cell(from), cell(to), cell(rate))
        });
        match parsed {
            Ok(rate) => good.push(rate),
            Err(cause) => bad.push(BadLine { line, cause }),
        }
    }
    (good, bad)
}

fn parse(day: &str, from: &str, to: &str, rate: &str) -> Result<Rate, String> {
    let day: Date = day.parse().map_err(|_| format!("“{day}” is not a day such as 2026-11-20"))?;
    let currency = |text: &str| Currency::parse(text).map_err(|error| error.to_string());
    let (from, to) = (currency(from)?, currency(to)?);
    let value: Decimal = rate.parse().map_err(|_| format!("“{rate}” is not a rate such as 0.137917"))?;
    if value <= Decimal::ZERO {
        return Err(format!("the rate {rate} must be above zero"));
    }
    if from == to {
        return Err(format!("{from} to itself needs no rate"));
    }
    Ok(Rate { from, to, day, rate: value })
}

const RATES: Table = Table {
    name: "exchange_rates",
    columns: &["from_currency", "to_currency", "day", "rate"],
    suffix: "ON CONFLICT (from_currency, to_currency, day) DO UPDATE SET rate = excluded.rate",
};

/// Keeps rates; one of the same day and currencies is replaced. Old quotes keep the rate they used, new ones have new terms.
///
/// # Errors
/// The database's own; then nothing is kept.
pub async fn save(db: &Db, rates: Vec<Rate>) -> Result<(), sqlx::Error> {
    db.write(move |conn| {
        Box::pin(async move {
            // One statement may name a key only once.
            let newest: std::collections::BTreeMap<_, _> = rates.into_iter().map(|r| ((r.from, r.to, r.day), r.rate)).collect();
            let rows = newest
                .into_iter()
                .map(|((from, to, day), rate)| vec![from.code().into(), to.code().into(), day.to_string().into(), rate.to_string().into()]);
            rows::insert(conn, RATES, rows).await?;
            revisions::renew(conn, revisions::TERMS).await
        })
    })
    .await
}

/// The newest rate between two currencies, in either direction, that is of `day` or before it, but not before `oldest`.
///
/// # Errors
/// The database's own.
pub async fn find(conn: &mut Conn, from: Currency, to: Currency, day: Date, oldest: Date) -> Result<Option<Rate>, sqlx::Error> {
    let row: Option<(String, String, String, String)> = sqlx::query_as(
        "SELECT from_currency, to_currency, day, rate FROM (\
         SELECT from_currency, to_currency, day, rate, 0 AS inverse FROM exchange_rates WHERE from_currency = $1 AND to_currency = $2 \
         UNION ALL \
         SELECT from_currency, to_currency, day, rate, 1 AS inverse FROM exchange_rates WHERE from_currency = $2 AND to_currency = $1\
         ) AS both_ways WHERE day <= $3 AND day >= $4 ORDER BY day DESC, inverse LIMIT 1",
    )
    .bind(from.code())
    .bind(to.code())
    .bind(day.to_string())
    .bind(oldest.to_string())
    .fetch_optional(conn)
    .await?;
    row.map(|(from, to, day, rate)| parse(&day, &from, &to, &rate).map_err(decode)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_line_is_named_and_the_others_are_kept() {
        let (good, bad) = read("date,from,to,rate\n2026-11-20,CNY,USD,0.137917\n2026-11-20,CNY,USD,-1\n20.11.2026,CNY,USD,1\n".as_bytes());
        assert_eq!(good.len(), 1);
        assert_eq!(bad.iter().map(|line| line.line).collect::<Vec<_>>(), [3, 4]);
    }
}
