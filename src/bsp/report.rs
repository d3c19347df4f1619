//! The sales report of an office for a day, per device: what was sold and what was refunded, and that it adds up.
//! `TSL` is that of today, `TPR` that of a day past.

use super::model::{Form, Office, Sale, Ticket};
use super::sales_store;
use crate::db::{Conn, Db};
use crate::kernel::money::Money;
use crate::kernel::time::{Date, Timestamp};
use crate::refund_calculation::refund_form::percent;

/// Rows of one page, as `PN` turns them.
pub const PAGE_ROWS: usize = 20;
/// Rows of one report: no office sells so many tickets in a day.
const MOST_ROWS: i64 = 100_000;

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub device: i64,
    pub number: String,
    /// `C1`, `C2`: which ticket of a conjunction set.
    pub conjunction: String,
    /// `SHA PEK`, `SHA PEK-EX`, `VOID` or `ET-REFUND`.
    pub route: String,
    pub collection: Money,
    pub tax: Money,
    /// An amount, or a rate with `%`; `+1C` where something is hidden behind a refund.
    pub commission: String,
    pub pnr: String,
    pub agent: String,
    /// The form of a refund.
    pub form_id: Option<String>,
}

/// What the rows come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    pub tickets: i64,
    pub voids: i64,
    pub refunds: i64,
    pub normal_fare: Money,
    pub tax: Money,
    pub commission: Money,
    pub net_refund: Money,
    pub deduction: Money,
    pub refund_tax: Money,
    pub refund_commission: Money,
}

impl Totals {
    fn nothing(office: &Office) -> Self {
        let zero = Money::zero(office.currency);
        Self {
            tickets: 0,
            voids: 0,
            refunds: 0,
            normal_fare: zero,
            tax: zero,
            commission: zero,
            net_refund: zero,
            deduction: zero,
            refund_tax: zero,
            refund_commission: zero,
        }
    }

    /// What the carriers get of the fares: normal fare less normal commission.
    #[must_use]
    pub fn carriers(&self) -> Money {
        Money::new(self.normal_fare.minor - self.commission.minor, self.normal_fare.currency)
    }

    /// Gross refund: net refund, deduction and refund commission together, less the refund tax.
    #[must_use]
    pub fn gross_refund(&self) -> Money {
        let minor = self.net_refund.minor + self.deduction.minor + self.refund_commission.minor - self.refund_tax.minor;
        Money::new(minor, self.net_refund.currency)
    }
}

/// A report.
#[derive(Debug, Clone)]
pub struct Report {
    pub lines: Vec<Line>,
    pub totals: Totals,
}

impl Report {
    /// How many pages it has; an empty one has one.
    #[must_use]
    pub fn pages(&self) -> usize {
        self.lines.len().div_ceil(PAGE_ROWS).max(1)
    }

    /// The rows of a page, from 1.
    #[must_use]
    pub fn page(&self, page: usize) -> &[Line] {
        self.lines.chunks(PAGE_ROWS).nth(page.saturating_sub(1)).unwrap_or_default()
    }
}

/// Makes the report of a day; without a device that of all of them.
///
/// # Errors
/// The database's own.
pub async fn of_day(conn: &mut Conn, office: &Office, day: Date, device: Option<i64>) -> Result<Report, sqlx::Error> {
    let sold = sales_store::tickets(conn, &office.id, day, device, MOST_ROWS).await?;
    let forms = sales_store::refunds(conn, &office.id, day, device, MOST_ROWS).await?;
    let mut totals = Totals::nothing(office);
    let mut lines = Vec::new();
    for (ticket, commission) in &sold {
        add_sale(&mut totals, ticket, *commission);
        lines.extend(sale(ticket, *commission));
    }
    for form in &forms {
        totals.refunds += 1;
        totals.net_refund.minor += form.net_refund.minor;
        totals.deduction.minor += form.deduction.minor;
        totals.refund_tax.minor += form.tax.minor;
        totals.refund_commission.minor += form.commission.minor;
        lines.push(refund(form));
    }
    lines.sort_by_key(|line| line.device);
    Ok(Report { lines, totals })
}

fn add_sale(totals: &mut Totals, ticket: &Ticket, commission: Money) {
    totals.tickets += i64::try_from(ticket.numbers.len()).unwrap_or(0);
    if ticket.sale == Sale::Void {
        totals.voids += i64::try_from(ticket.numbers.len()).unwrap_or(0);
        return;
    }
    totals.normal_fare.minor += ticket.fare.minor;
    totals.tax.minor += ticket.tax().minor;
    totals.commission.minor += commission.minor;
}

fn rate(points: i64) -> String {
    format!("{}%", percent(points))
}

/// A row for each ticket of a set; the money stands on the first.
fn sale(ticket: &Ticket, commission: Money) -> Vec<Line> {
    let zero = Money::zero(ticket.fare.currency);
    let is_void = ticket.sale == Sale::Void;
    let route = match ticket.sale {
        Sale::Sale => ticket.route(),
        Sale::Exchange => format!("{}-EX", ticket.route()),
        Sale::Void => "VOID".to_owned(),
    };
    let line = |(place, number): (usize, &String)| {
        let counts = place == 0 && !is_void;
        Line {
            device: ticket.device,
            number: number.clone(),
            conjunction: if ticket.numbers.len() > 1 { format!("C{}", place + 1) } else { String::new() },
            route: route.clone(),
            collection: if counts { ticket.fare } else { zero },
            tax: if counts { ticket.tax() } else { zero },
            commission: match ticket.rate_points {
                _ if !counts => String::new(),
                Some(points) => rate(points),
                None => commission.decimal().to_string(),
            },
            pnr: ticket.pnr.clone(),
            agent: ticket.agent.clone(),
            form_id: None,
        }
    };
    ticket.numbers.iter().enumerate().map(line).collect()
}

fn refund(form: &Form) -> Line {
    let commission = form.rate_points.map_or_else(|| form.commission.decimal().to_string(), rate);
    Line {
        device: form.device,
        number: form.number.clone(),
        conjunction: String::new(),
        route: "ET-REFUND".to_owned(),
        collection: form.net_refund,
        tax: form.tax,
        commission: if form.hidden { format!("{commission}+1C") } else { commission },
        pnr: String::new(),
        agent: form.agent.clone(),
        form_id: Some(form.id.clone()),
    }
}

/// Reports the forms of one office whose sales day is over. Answers whether there was any.
///
/// # Errors
/// The database's own; they are then reported later.
pub async fn close_one(db: &Db, now: Timestamp) -> Result<bool, sqlx::Error> {
    // Asking costs nobody the right to write; only who finds something takes it.
    if sales_store::unreported(&mut *db.read().await?, now).await?.is_none() {
        return Ok(false);
    }
    db.write(move |conn| {
        Box::pin(async move {
            let Some((office_id, today)) = sales_store::unreported(conn, now).await? else { return Ok(false) };
            sales_store::report(conn, (&office_id, today), now).await.map(|()| true)
        })
    })
    .await
}
