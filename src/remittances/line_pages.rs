//! One line: what came, what it may belong to, and what is done with it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Path, Query};
use askama::Template;
use serde::Deserialize;

use super::matching::{self, Match, NotMatched, Share};
use super::model::{Allocation, AllocationState, Finding, Line, Rejection, Remittance};
use super::rejecting::{self, Seen};
use super::{allocation_store, line_store};
use super::{proposing, store, undoing};
use crate::agencies::model::User;
use crate::agencies::store as agencies;
use crate::db::Conn;
use crate::journal::{self, Event, Subject};
use crate::kernel::folding::fold_identifier;
use crate::kernel::id::new_token;
use crate::kernel::money::Money;
use crate::kernel::time::Timestamp;
use crate::refunds::model::{Difference, Refund};
use crate::web::error::Error;
use crate::web::filters;
use crate::web::form::{Form, Problems};
use crate::web::frame::{Frame, Place};
use crate::web::visit::{PostMoney, Visit};
use crate::web::words::{Message, Named};
use crate::web::{Answer, see_other};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LineQuery {
    /// What is looked for by hand.
    find: String,
}

/// A refund that the line can be matched with.
struct Candidate {
    refund: Refund,
    reasons: Vec<Message>,
    expected: Option<Money>,
    held: Option<Money>,
    /// What the form offers.
    amount: String,
    usable: bool,
}

#[derive(Template)]
#[template(path = "remittances/line.html")]
struct LinePage {
    frame: Frame,
    remittance: Remittance,
    line: Line,
    raw: String,
    candidates: Vec<Candidate>,
    find: String,
    allocations: Vec<Allocation>,
    timeline: Vec<(Timestamp, Message, String)>,
    differences: &'static [Difference],
    rejections: &'static [Rejection],
    team: Vec<User>,
    problems: Problems,
    once_key: String,
}

/// `GET /finance/remittances/{number}/lines/{line}`
pub async fn show(visit: Visit<PostMoney>, path: Path<(String, String)>, query: Query<LineQuery>) -> Answer {
    page(&visit, &path, &query.find, &MatchForm::default(), Problems::default()).await
}

async fn found(conn: &mut Conn, number: &str, row: &str) -> Result<(Remittance, Line), Error> {
    let remittance = store::find(conn, number).await?.ok_or(Error::NotFound)?;
    let row_no = row.parse().map_err(|_| Error::NotFound)?;
    let line = line_store::line(conn, &remittance.id, row_no).await?.ok_or(Error::NotFound)?;
    Ok((remittance, line))
}

async fn page(visit: &Visit<PostMoney>, (number, row): &(String, String), find: &str, typed: &MatchForm, problems: Problems) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let (remittance, line) = found(&mut conn, number, row).await?;
    let candidates = if line.is_open() { candidates(&mut conn, &line, find, typed).await? } else { Vec::new() };
    let team = agencies::users(&mut conn, None).await?;
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let title = Message::new("line-title").text("number", &remittance.number).count("line", line.line);
    let page = LinePage {
        frame: visit.frame(title, Place::Remittances),
        raw: line.cells.iter().filter(|cell| !cell.is_empty()).map(|cell| cell.1.as_str()).collect::<Vec<_>>().join(" · "),
        allocations: allocation_store::allocations_of_line(&mut conn, &line.id).await?,
        timeline: journal::of(&mut conn, Subject::Remittance, &line.id).await?.iter().rev().map(told).collect(),
        differences: Difference::ALL,
        rejections: Rejection::ALL,
        team: team.into_iter().filter(|user| !user.disabled && user.role.may(crate::kernel::actor::Permission::PostMoney)).collect(),
        find: find.to_owned(),
        once_key: new_token(),
        remittance,
        line,
        candidates,
        problems,
    };
    visit.page_with(status, &page)
}

/// What happened to a line, as a sentence, and who did it.
fn told(event: &Event) -> (Timestamp, Message, String) {
    let details: serde_json::Value = serde_json::from_str(&event.details).unwrap_or_default();
    let text = |name: &str| details[name].as_str().unwrap_or_default().to_owned();
    let mut sentence = Message::new(format!("line-event-{}", event.happened)).text("refund", text("refund")).text("to", text("to"));
    if let Ok(amount) = serde_json::from_value::<Money>(details["amount"].clone()) {
        sentence = sentence.money("amount", amount);
    }
    let refunds: Vec<String> = serde_json::from_value(details["refunds"].clone()).unwrap_or_default();
    sentence = sentence.text("refunds", refunds.join(", "));
    if let Ok(why) = text("why").parse::<Rejection>() {
        sentence = sentence.word("why", why.named());
    }
    (event.at, sentence, event.author.name.clone())
}

/// The proposals, what was looked for by hand, and what is near; each refund once.
async fn candidates(conn: &mut Conn, line: &Line, find: &str, typed: &MatchForm) -> Result<Vec<Candidate>, Error> {
    let mut all: Vec<(Refund, Vec<Message>, Option<i64>)> = Vec::new();
    let numbers = line.proposals.iter().map(|proposal| proposal.refund_no.as_str().into());
    let proposed = allocation_store::open_refunds_by(conn, "r.number", numbers.collect()).await?;
    for proposal in &line.proposals {
        if let Some(refund) = proposed.iter().find(|refund| refund.number == proposal.refund_no) {
            // Several guesses are offered, not filled in: one press must not pay them all.
            let certain = line.finding != Finding::Suggested || line.proposals.len() == 1;
            all.push((refund.clone(), proposal.reasons.clone(), certain.then_some(proposal.minor)));
        }
    }
    let word = fold_identifier(find);
    if !word.is_empty() {
        for column in ["r.number", "r.order_no", "r.airline_pnr", "r.airline_reference_key"] {
            for refund in allocation_store::open_refunds_by(conn, column, vec![word.as_str().into()]).await? {
                all.push((refund, vec![Message::new("why-found").text("value", find)], None));
            }
        }
    }
    for typed in &typed.refund {
        for refund in allocation_store::open_refunds_by(conn, "r.number", vec![typed.as_str().into()]).await? {
            all.push((refund, Vec::new(), None));
        }
    }
    for (refund, reasons) in proposing::suggest(conn, line).await? {
        all.push((refund, reasons, None));
    }
    let mut unique: Vec<(Refund, Vec<Message>, Option<i64>)> = Vec::new();
    for one in all {
        if !unique.iter().any(|(there, _, _)| there.id == one.0.id) {
            unique.push(one);
        }
    }
    let candidate = |(refund, reasons, minor): (Refund, Vec<Message>, Option<i64>)| Candidate {
        expected: refund.expected(),
        held: Some(refund.held).filter(|held| !held.is_zero()),
        amount: match typed.amount_of(&refund.number) {
            Some(amount) => amount,
            None => minor.map(|minor| Money::new(minor, line.currency()).decimal().to_string()).unwrap_or_default(),
        },
        usable: refund.can_take_money() && refund.currency == line.currency(),
        refund,
        reasons,
    };
    Ok(unique.into_iter().map(candidate).collect())
}

/// What was typed: one entry of each list per refund on the page.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct MatchForm {
    refund: Vec<String>,
    amount: Vec<String>,
    difference: Vec<String>,
    /// Numbers of the refunds of which more is to come.
    more: Vec<String>,
    version: i64,
    once: String,
}

impl MatchForm {
    fn amount_of(&self, number: &str) -> Option<String> {
        let place = self.refund.iter().position(|refund| refund == number)?;
        self.amount.get(place).cloned()
    }

    /// The shares: refunds with an amount.
    fn shares(&self, line: &Line, problems: &mut Problems) -> Vec<Share> {
        let mut shares = Vec::new();
        for (place, refund_no) in self.refund.iter().enumerate() {
            let text = self.amount.get(place).map_or("", |text| text.trim());
            if text.is_empty() {
                continue;
            }
            let amount = Money::parse(text, line.currency()).ok().filter(|amount| amount.minor > 0);
            let Some(amount) = problems.take("amount", amount.ok_or_else(|| Message::new("form-amount-above-zero"))) else { continue };
            shares.push(Share {
                refund_no: refund_no.clone(),
                amount,
                difference: self.difference.get(place).and_then(|word| word.parse().ok()),
                more_to_come: self.more.contains(refund_no),
            });
        }
        shares
    }
}

/// `POST /finance/remittances/{number}/lines/{line}/matches`
pub async fn match_line(visit: Visit<PostMoney>, path: Path<(String, String)>, form: Form<MatchForm>) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let (remittance, line) = found(&mut conn, &path.0, &path.1).await?;
    drop(conn);
    let mut problems = Problems::default();
    let shares = form.0.shares(&line, &mut problems);
    if !problems.is_empty() {
        return page(&visit, &path, "", &form.0, problems).await;
    }
    let wanted = Match {
        actor: visit.actor.clone(),
        remittance_no: remittance.number.clone(),
        row_no: line.row_no,
        seen_version: form.0.version,
        shares,
        once_key: form.0.once.clone(),
    };
    match matching::perform(&visit.app.db, wanted, visit.app.clock.now()).await {
        Ok(()) => Ok(see_other(&format!("/finance/remittances/{}/lines/{}?done=line-matched", path.0, path.1))),
        Err(
            error @ (NotMatched::Nothing
            | NotMatched::TooMuch
            | NotMatched::NoSuchRefund(_)
            | NotMatched::Card(_)
            | NotMatched::Unexplained { .. }),
        ) => {
            if let Error::Refused(message) = Error::from(error) {
                problems.add("amount", message);
            }
            page(&visit, &path, "", &form.0, problems).await
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct VerbForm {
    version: i64,
    once: String,
    allocation: String,
    rejection: String,
    owner: String,
}

fn seen(visit: &Visit<PostMoney>, path: &(String, String), form: &VerbForm) -> Result<Seen, Error> {
    let row_no = path.1.parse().map_err(|_| Error::NotFound)?;
    Ok(Seen { actor: visit.actor.clone(), remittance_no: path.0.clone(), row_no, version: form.version, once_key: form.once.clone() })
}

fn back(path: &(String, String), done: &str) -> HttpResponse {
    see_other(&format!("/finance/remittances/{}/lines/{}?done={done}", path.0, path.1))
}

/// `POST /finance/remittances/{number}/lines/{line}/undoing`
pub async fn undo(visit: Visit<PostMoney>, path: Path<(String, String)>, form: Form<VerbForm>) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let (_, line) = found(&mut conn, &path.0, &path.1).await?;
    let shares = allocation_store::allocations_of_line(&mut conn, &line.id).await?;
    drop(conn);
    // The button names the one match it stands beside: pressed again later, it does not undo a newer one.
    let share = shares.into_iter().find(|share| share.id == form.0.allocation).ok_or(Error::NotFound)?;
    if share.state != AllocationState::Undone {
        undoing::undo(&visit.app.db, visit.actor.clone(), share, visit.app.clock.now()).await?;
    }
    Ok(back(&path, "line-undone"))
}

/// `POST /finance/remittances/{number}/lines/{line}/rejection`
pub async fn reject(visit: Visit<PostMoney>, path: Path<(String, String)>, form: Form<VerbForm>) -> Answer {
    let Ok(rejection) = form.0.rejection.parse::<Rejection>() else {
        let mut problems = Problems::default();
        problems.add("rejection", "form-choose");
        return page(&visit, &path, "", &MatchForm::default(), problems).await;
    };
    rejecting::reject(&visit.app.db, seen(&visit, &path, &form.0)?, rejection, visit.app.clock.now()).await?;
    Ok(back(&path, "line-rejected"))
}

/// `POST /finance/remittances/{number}/lines/{line}/reopening`
pub async fn reopen(visit: Visit<PostMoney>, path: Path<(String, String)>, form: Form<VerbForm>) -> Answer {
    rejecting::reopen(&visit.app.db, seen(&visit, &path, &form.0)?, visit.app.clock.now()).await?;
    Ok(back(&path, "line-reopened"))
}

/// `POST /finance/remittances/{number}/lines/{line}/owner`
pub async fn hand_over(visit: Visit<PostMoney>, path: Path<(String, String)>, form: Form<VerbForm>) -> Answer {
    rejecting::hand_over(&visit.app.db, seen(&visit, &path, &form.0)?, form.0.owner.clone(), visit.app.clock.now()).await?;
    Ok(back(&path, "line-handed-over"))
}
