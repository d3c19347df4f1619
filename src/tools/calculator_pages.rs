//! Tools → Refund calculator: facts by a form or as JSON, the answer with its trace, the type-back check.

use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use serde::Deserialize;

use super::answer::Answer as QuoteAnswer;
use super::calculator_form::{CalculatorForm, TypeBack};
use crate::bookings::{list_store, store as bookings};
use crate::db::Conn;
use crate::kernel::folding::fold_ticket_number;
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::Timestamp;
use crate::refund_calculation::facts::{CouponStatus, Direction, PassengerType, Payment, Publication, Reason};
use crate::refund_calculation::quote::PassengerLine;
use crate::refund_calculation::{self, Facts, Quote, RuleSet};
use crate::refunds::exchange;
use crate::refunds::selection::{self, Selection};
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
    /// The passenger that the fields show and the others that are reckoned with it, where there are others.
    others: Option<Message>,
    has_conditions: bool,
    json: String,
    in_json: bool,
    start: String,
    /// Why the start led nowhere, or what is to be known about the booking that it led to.
    start_problem: Option<Message>,
    caution: Option<Message>,
    problems: Problems,
    answer: Option<QuoteAnswer>,
    typed: String,
    typed_for: String,
    type_back: Option<TypeBack>,
    rule_sets: Vec<String>,
    publications: &'static [Publication],
    payments: &'static [Payment],
    reasons: &'static [Reason],
    passenger_types: &'static [PassengerType],
    statuses: &'static [CouponStatus],
    directions: &'static [Direction],
}

impl CalculatorPage {
    async fn begin(visit: &Visit<SeeBookings>, conn: &mut Conn, form: CalculatorForm) -> Result<Self, Error> {
        let mut choices = vec![RuleSet::low_cost().full_version()];
        let listed = rule_sets::list(conn, false, visit.app.settings.limits.page_rows).await?;
        choices.extend(listed.iter().map(rule_sets::Listed::full_version));
        Ok(Self {
            frame: visit.frame("calculator-title", Place::Calculator),
            form,
            others: None,
            has_conditions: false,
            json: String::new(),
            in_json: false,
            start: String::new(),
            start_problem: None,
            caution: None,
            problems: Problems::default(),
            answer: None,
            typed: String::new(),
            typed_for: String::new(),
            type_back: None,
            rule_sets: choices,
            publications: Publication::ALL,
            payments: Payment::ALL,
            reasons: Reason::ALL,
            passenger_types: PassengerType::ALL,
            statuses: CouponStatus::ALL,
            directions: Direction::ALL,
        })
    }

    /// Says what the form does not show of the facts that it was begun with.
    fn tell_base(&mut self) {
        let Some(base) = self.form.begun_with() else { return };
        let names: Vec<&str> = base.selected().map(|ticket| ticket.name.as_str()).collect();
        self.has_conditions = !base.conditions.is_empty();
        self.others = match names.as_slice() {
            [shown, others @ ..] if !others.is_empty() => {
                Some(Message::new("calculator-others").text("shown", shown).text("others", others.join(", ")))
            }
            _ => None,
        };
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
    let loaded = if start.is_empty() { Ok(None) } else { facts_of(&visit, &mut conn, &start, now).await?.map(Some) };
    let (loaded, start_problem) = match loaded {
        Ok(loaded) => (loaded, None),
        Err(problem) => (None, Some(problem)),
    };
    let form = loaded.as_ref().map_or_else(|| blank(now), |loaded| CalculatorForm::of(&loaded.facts));
    let mut page = CalculatorPage::begin(&visit, &mut conn, form).await?;
    page.form.start = loaded.as_ref().map_or_else(String::new, |loaded| loaded.order_no.clone());
    page.json = loaded.as_ref().and_then(|loaded| serde_json::to_string_pretty(&loaded.facts).ok()).unwrap_or_default();
    page.caution = loaded.and_then(|loaded| loaded.caution);
    let status = if start_problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    (page.start, page.start_problem) = (start, start_problem);
    page.tell_base();
    visit.page_with(status, &page)
}

fn blank(now: Timestamp) -> CalculatorForm {
    CalculatorForm {
        currency: Currency::USD.to_string(),
        requested_at: now.strftime("%Y-%m-%d %H:%M").to_string(),
        ..CalculatorForm::default()
    }
}

/// What a start led to.
struct Loaded {
    order_no: String,
    facts: Facts,
    /// Why a refund of this booking could not be submitted now.
    caution: Option<Message>,
}

/// The facts of an order, or of the passenger that a ticket number names, with everybody and everything chosen; or why
/// the number leads to no single booking.
async fn facts_of(visit: &Visit<SeeBookings>, conn: &mut Conn, start: &str, now: Timestamp) -> Result<Result<Loaded, Message>, Error> {
    let scope = visit.scope();
    let numbers = list_store::named_exactly(conn, &scope, start).await?;
    if numbers.len() > 1 {
        return Ok(Err(Message::new("calculator-several")));
    }
    let order_no = numbers.first().map_or(start, String::as_str);
    let Some(kept) = bookings::find(conn, &scope, order_no).await? else { return Ok(Err(Message::new("calculator-not-found"))) };
    let booking = &kept.booking;
    let ticket = fold_ticket_number(start);
    let named = |no: &i64| {
        let passenger = booking.passengers.iter().find(|passenger| passenger.no == *no);
        passenger.is_some_and(|passenger| passenger.ticket_numbers.iter().any(|number| fold_ticket_number(number) == ticket))
    };
    let everybody = || booking.passengers.iter().map(|passenger| passenger.no);
    let of_ticket: std::collections::BTreeSet<i64> = everybody().filter(named).collect();
    let selection = Selection {
        passengers: if of_ticket.is_empty() { everybody().collect() } else { of_ticket },
        segments: booking.segments.iter().map(|segment| segment.no).collect(),
        reason: Reason::Voluntary,
    };
    Ok(Ok(Loaded {
        order_no: booking.order_no.clone(),
        caution: selection::check_booking(booking, now).err().map(|refusal| refusal.message()),
        facts: crate::bookings::facts::of(booking, &selection.passengers, selection.reason, now),
    }))
}

/// `POST /calculator`. Nothing is written: the answer is a page of its own.
pub async fn calculate(visit: Visit<SeeBookings>, form: DocumentForm<CalculatorForm>) -> Answer {
    let DocumentForm(mut form) = form;
    let (json, typed) = (std::mem::take(&mut form.json), std::mem::take(&mut form.typed));
    let typed_for = std::mem::take(&mut form.typed_for);
    let now = visit.app.clock.now();
    let mut conn = visit.app.db.read().await?;
    let rule_set = form.rule_set.clone();
    let in_json = form.currency.is_empty();
    let mut problems = Problems::default();
    let facts = if in_json { problems.take("json", read_json(&json)) } else { form.facts(now, &mut problems) };
    let shown = if in_json { CalculatorForm { rule_set: form.rule_set.clone(), start: form.start.clone(), ..blank(now) } } else { form };
    let mut page = CalculatorPage::begin(&visit, &mut conn, shown).await?;
    if let Some(mut facts) = facts {
        let rules = choose(&mut conn, &rule_set, &facts).await?;
        complete(&visit, &mut conn, &mut facts, &rules).await?;
        match refund_calculation::calculate(&facts, &rules) {
            Ok(quote) => {
                let read = must_show(&quote, &typed_for).map_or(Ok(None), |computed| TypeBack::read(&typed, computed));
                page.type_back = problems.take("typed", read).flatten();
                let (start, fee, conditions) = (page.form.start.clone(), page.form.fee.clone(), page.form.conditions.clone());
                page.form = CalculatorForm { start, conditions, rule_set, fee, ..CalculatorForm::of(&facts) };
                page.answer = Some(QuoteAnswer::of(quote, &facts));
            }
            Err(error) => problems.add("json", Message::new("calculator-bad-json").text("path", "–").text("cause", error)),
        }
    }
    page.json = page.answer.as_ref().map_or(json, |answer| answer.facts.clone());
    (page.in_json, page.typed) = (in_json && page.answer.is_none(), typed);
    page.typed_for = typed_for;
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page.problems = problems;
    page.tell_base();
    visit.page_with(status, &page)
}

/// What the host must show: for one ticket, or for all together.
fn must_show(quote: &Quote, typed_for: &str) -> Option<Money> {
    let line = match (typed_for.parse::<usize>(), quote.passengers.as_slice()) {
        (Ok(place), lines) => lines.get(place),
        (Err(_), [only]) => Some(only),
        (Err(_), _) => return quote.totals.refund,
    };
    line.and_then(PassengerLine::type_back)
}

fn read_json(text: &str) -> Result<Facts, Message> {
    if text.trim().is_empty() {
        return Err(Message::new("form-required"));
    }
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
        && (kept.active_from.is_some() || kept.is_built_in())
    {
        return Ok(kept.rules);
    }
    Ok(rule_sets::choose(conn, facts).await?.into_owned())
}

/// Adds what the database knows and the facts leave out: rates, and interactive check-in.
async fn complete(visit: &Visit<SeeBookings>, conn: &mut Conn, facts: &mut Facts, rules: &RuleSet) -> Result<(), sqlx::Error> {
    exchange::add_rates(conn, facts, rules, visit.app.settings.limits.rate_max_age_days).await?;
    if rules.no_go && facts.check_in.is_empty() {
        no_go_store::add_check_in(conn, facts).await?;
    }
    Ok(())
}
