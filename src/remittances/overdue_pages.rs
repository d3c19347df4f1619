//! Airlines whose money is late, with what each owes.

use std::collections::BTreeMap;

use askama::Template;

use crate::db::select::Select;
use crate::db::{Conn, decode};
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Date, Timestamp, utc_day};
use crate::refunds::model::Kind;
use crate::refunds::store::{OVERDUE, overdue_values};
use crate::web::Answer;
use crate::web::filters;
use crate::web::frame::{Frame, Place};
use crate::web::sheet::{self, Cell, Format};
use crate::web::visit::{PostMoney, Visit};
use crate::web::words::{Named, say};

/// What an airline owes past its time, in one currency, of one kind of refunds.
struct Late {
    airline: String,
    kind: Kind,
    count: i64,
    sum: Money,
    /// Refunds of which nobody can say what they bring.
    unknown: i64,
    /// Since when the oldest of them is late.
    since: Date,
}

impl Late {
    /// The list of them.
    fn list(&self) -> String {
        let tab = if self.kind == Kind::Claim { "claims" } else { "refunds" };
        let filters = [("airline", self.airline.as_str()), ("currency", self.sum.currency.code()), ("overdue", "1")];
        format!("/finance/{tab}?{}", serde_html_form::to_string(filters).unwrap_or_default())
    }
}

/// Airlines whose money is late; the most first.
async fn late(conn: &mut Conn, now: Timestamp) -> Result<Vec<Late>, sqlx::Error> {
    let select = Select::new(
        "SELECT r.airline, r.kind, r.currency, COUNT(*), \
         CAST(COALESCE(SUM(COALESCE(r.airline_minor, r.estimated_minor) - r.held_minor), 0) AS BIGINT), \
         CAST(SUM(CASE WHEN COALESCE(r.airline_minor, r.estimated_minor) IS NULL THEN 1 ELSE 0 END) AS BIGINT), \
         MIN(COALESCE(r.expected_on, r.follow_up_from, r.fulfilled_on)) FROM refunds r",
    );
    let select = select.and(OVERDUE, overdue_values(now)).then("GROUP BY r.airline, r.kind, r.currency ORDER BY 5 DESC, 1, 2, 3", []);
    let rows: Vec<(String, String, String, i64, i64, i64, String)> = select.fetch(conn).await?;
    rows.into_iter()
        .map(|(airline, kind, currency, count, minor, unknown, since)| {
            let (kind, currency) = (kind.parse().map_err(decode)?, Currency::parse(&currency).map_err(decode)?);
            let since = since.get(..10).unwrap_or_default().parse().map_err(|error: jiff::Error| decode(error))?;
            Ok(Late { airline, kind, count, sum: Money::new(minor, currency), unknown, since })
        })
        .collect()
}

#[derive(Template)]
#[template(path = "remittances/overdue.html")]
struct OverduePage {
    frame: Frame,
    late: Vec<Late>,
    totals: Vec<(i64, Money)>,
}

/// `GET /finance/overdue`
pub async fn overdue(visit: Visit<PostMoney>) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let late = late(&mut conn, visit.app.clock.now()).await?;
    let mut sums: BTreeMap<Currency, (i64, i64)> = BTreeMap::new();
    for one in &late {
        let sum = sums.entry(one.sum.currency).or_default();
        *sum = (sum.0 + one.count, sum.1 + one.sum.minor);
    }
    visit.page(&OverduePage {
        frame: visit.frame("overdue-title", Place::Remittances),
        totals: sums.into_iter().map(|(currency, (count, minor))| (count, Money::new(minor, currency))).collect(),
        late,
    })
}

async fn export_overdue(visit: &Visit<PostMoney>, format: Format) -> Answer {
    let now = visit.app.clock.now();
    let mut conn = visit.app.db.read().await?;
    let late = late(&mut conn, now).await?;
    drop(conn);
    let reader = visit.reader();
    let names = ["airline", "overdue-kind", "overdue-refunds", "currency", "overdue-sum", "overdue-no-amount", "overdue-since"];
    let rows = late.into_iter().map(|one| {
        vec![
            Cell::Text(one.airline),
            Cell::Text(one.kind.named().say(reader.language)),
            Cell::Count(one.count),
            Cell::Text(one.sum.currency.code().to_owned()),
            Cell::Amount(Some(one.sum)),
            Cell::Count(one.unknown),
            Cell::Text(one.since.to_string()),
        ]
    });
    let sheet = visit.sheet(format!("overdue-{}", utc_day(now)), names.iter().map(|key| say(reader.language, key)).collect());
    sheet.send(format, sheet::whole(rows.collect())).await
}

/// `GET /finance/overdue.csv`
pub async fn overdue_csv(visit: Visit<PostMoney>) -> Answer {
    export_overdue(&visit, Format::Csv).await
}

/// `GET /finance/overdue.xlsx`
pub async fn overdue_xlsx(visit: Visit<PostMoney>) -> Answer {
    export_overdue(&visit, Format::Xlsx).await
}
