//! Tools → Refund calculator: facts by a form or as JSON, the answer with its trace, the type-back check.

use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use serde::Deserialize;

use super::answer::Answer as QuoteAnswer;
use super::calculator_form::{CalculatorForm, TypeBack};
use crate::bookings::store as bookings;
use crate::db::Conn;
use crate::kernel::money::Currency;
use crate::kernel::time::Timestamp;
use crate::refund_calculation::facts::{CouponStatus, Direction, PassengerType, Payment, Publication, Reason};
use crate::refund_calculation::{self, Facts, RuleSet};
use crate::refunds::selection::Selection;
use crate::refunds::translation;
use crate::rule_sets::{no_go_store, store as rule_sets};
use crate::web::Answer;
use crate::web::error::Error;
use crate::web::filters;
use crate::web::form::{DocumentForm, Problems};
use crate::web::frame::{Frame, Place};
use crate::web::visit::{SeeBookings, Visit};
use crate::web::words::Message;

#[derive(Template)]
#[template(path = "tools/calculator.html")]
struct CalculatorPage {
    frame: Frame,
    form: CalculatorForm,
    json: String,
    in_json: bool,
    start: String,
    not_found: bool,
    problems: Problems,
    answer: Option<QuoteAnswer>,
    typed: String,
    type_back: Option<TypeBack>,
    rule_sets: Vec<rule_sets::Listed>,
    publications: &'static [Publication],
    payments: &'static [Payment],
    reasons: &'static [Reason],
    passenger_types: &'static [PassengerType],
    statuses: &'static [CouponStatus],
    directions: &'static [Direction],
}

impl CalculatorPage {
    async fn begin(visit: &Visit<SeeBookings>, conn: &mut Conn, form: CalculatorForm) -> Result<Self, Error> {
        let in_use = |listed: &rule_sets::Listed| listed.active_from.is_some();
        let all = rule_sets::list(conn, visit.app.settings.limits.page_rows).await?;
        Ok(Self {
            frame: visit.frame("calculator-title", Place::Calculator),
            form,
            json: String::new(),
            in_json: false,
            start: String::new(),
            not_found: false,
            problems: Problems::default(),
            answer: None,
            typed: String::new(),
            type_back: None,
            rule_sets: all.into_iter().filter(in_use).collect(),
            publications: Publication::ALL,
            payments: Payment::ALL,
            reasons: Reason::ALL,
            passenger_types: PassengerType::ALL,
            statuses: CouponStatus::ALL,
            directions: Direction::ALL,
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct StartQuery {
    start: String,
}

/// `GET /calculator`
pub async fn open(visit: Visit<SeeBookings>, query: Query<StartQuery>) -> Answer {
    let now = visit.app.clock.now();
    let start = query.start.trim().to_owned();
    let mut conn = visit.app.db.read().await?;
    let loaded = if start.is_empty() { None } else { facts_of(&visit, &mut conn, &start, now).await? };
    let form = loaded.as_ref().map_or_else(|| blank(now), CalculatorForm::of);
    let mut page = CalculatorPage::begin(&visit, &mut conn, form).await?;
    page.not_found = loaded.is_none() && !start.is_empty();
    page.json = loaded.and_then(|facts| serde_json::to_string_pretty(&facts).ok()).unwrap_or_default();
    page.start = start;
    visit.page_with(if page.not_found { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }, &page)
}

fn blank(now: Timestamp) -> CalculatorForm {
    CalculatorForm {
        currency: Currency::USD.to_string(),
        requested_at: now.strftime("%Y-%m-%d %H:%M").to_string(),
        ..CalculatorForm::default()
    }
}

/// The facts of an order, or of the passenger that a ticket number names, with everybody and everything chosen.
async fn facts_of(visit: &Visit<SeeBookings>, conn: &mut Conn, start: &str, now: Timestamp) -> Result<Option<Facts>, Error> {
    let scope = visit.scope();
    let numbers = bookings::named_exactly(conn, &scope, start).await?;
    let order_no = numbers.first().map_or(start, String::as_str);
    let Some(kept) = bookings::find(conn, &scope, order_no).await? else { return Ok(None) };
    let booking = &kept.booking;
    let named = |no: &i64| {
        let passenger = booking.passengers.iter().find(|passenger| passenger.no == *no);
        passenger.is_some_and(|passenger| passenger.ticket_numbers.iter().any(|number| number == start))
    };
    let everybody = || booking.passengers.iter().map(|passenger| passenger.no);
    let of_ticket: std::collections::BTreeSet<i64> = everybody().filter(named).collect();
    let selection = Selection {
        passengers: if of_ticket.is_empty() { everybody().collect() } else { of_ticket },
        segments: booking.segments.iter().map(|segment| segment.no).collect(),
        reason: Reason::Voluntary,
    };
    Ok(Some(translation::without_rates(booking, &selection, now)))
}

/// `POST /calculator`. Nothing is written: the answer is a page of its own.
pub async fn calculate(visit: Visit<SeeBookings>, form: DocumentForm<CalculatorForm>) -> Answer {
    let DocumentForm(mut form) = form;
    let (json, typed) = (std::mem::take(&mut form.json), std::mem::take(&mut form.typed));
    let now = visit.app.clock.now();
    let mut conn = visit.app.db.read().await?;
    let rule_set = form.rule_set.clone();
    let in_json = !json.trim().is_empty();
    let mut problems = Problems::default();
    let facts = if in_json { problems.take("json", read_json(&json)) } else { form.facts(now, &mut problems) };
    let mut page = CalculatorPage::begin(&visit, &mut conn, form).await?;
    if let Some(mut facts) = facts {
        let rules = choose(&mut conn, &rule_set, &facts).await?;
        complete(&visit, &mut conn, &mut facts, &rules).await?;
        match refund_calculation::calculate(&facts, &rules) {
            Ok(quote) => {
                let read = quote.totals.refund.map_or(Ok(None), |computed| TypeBack::read(&typed, computed));
                page.type_back = problems.take("typed", read).flatten();
                page.form = CalculatorForm { rule_set, fee: page.form.fee.clone(), ..CalculatorForm::of(&facts) };
                page.answer = Some(QuoteAnswer::of(quote, &facts));
            }
            Err(error) => problems.add("json", Message::new("calculator-bad-json").text("path", "–").text("cause", error)),
        }
    }
    page.json = page.answer.as_ref().map_or(json, |answer| answer.facts.clone());
    (page.in_json, page.typed) = (in_json && page.answer.is_none(), typed);
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page.problems = problems;
    visit.page_with(status, &page)
}

fn read_json(text: &str) -> Result<Facts, Message> {
    let mut json = serde_json::Deserializer::from_str(text);
    let unreadable = |path: String, cause: String| Message::new("calculator-bad-json").text("path", path).text("cause", cause);
    let facts =
        serde_path_to_error::deserialize(&mut json).map_err(|error| unreadable(error.path().to_string(), error.inner().to_string()))?;
    json.end().map_err(|error| unreadable(".".to_owned(), error.to_string()))?;
    Ok(facts)
}

/// The version that was named, or the one that is for these facts.
async fn choose(conn: &mut Conn, named: &str, facts: &Facts) -> Result<RuleSet, sqlx::Error> {
    if let Some((name, version)) = named.split_once('/')
        && let Some(kept) = rule_sets::find(conn, name, version).await?
    {
        return Ok(kept.rules);
    }
    Ok(rule_sets::choose(conn, facts).await?.into_owned())
}

/// Adds what the database knows and the facts leave out: rates, and interactive check-in.
async fn complete(visit: &Visit<SeeBookings>, conn: &mut Conn, facts: &mut Facts, rules: &RuleSet) -> Result<(), sqlx::Error> {
    if facts.rates.is_empty() {
        translation::add_rates(conn, facts, rules, visit.app.settings.limits.rate_max_age_days).await?;
    }
    if rules.no_go && facts.check_in.is_empty() {
        no_go_store::add_check_in(conn, facts).await?;
    }
    Ok(())
}
