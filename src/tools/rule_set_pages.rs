//! Tools → Rule sets: the list, a page per version with its ladder, loading, previewing, putting in use.

use actix_web::http::StatusCode;
use actix_web::web::Path;
use askama::Template;
use serde::Deserialize;

use super::ladder::Ladder;
use super::preview::{self, Difference, Preview};
use crate::kernel::actor::Permission;
use crate::kernel::time::{Date, utc_day};
use crate::refund_calculation::RuleSet;
use crate::refund_calculation::rule_check::Problem;
use crate::refund_calculation::void::{VoidRules, VoidWindow};
use crate::rule_sets::loading::{self, Refusal};
use crate::rule_sets::store::{self, KeptRuleSet, Listed};
use crate::web::error::Error;
use crate::web::filters;
use crate::web::form::{DocumentForm, Form, Problems};
use crate::web::frame::{Frame, Place};
use crate::web::visit::{ManageRules, Needs, SeeBookings, Visit};
use crate::web::words::{Message, Named};
use crate::web::{Answer, see_other};

/// What was wrong with a document, one sentence each.
struct Wrong {
    path: String,
    sentence: Message,
}

/// A version, and where it stands.
struct Line {
    listed: Listed,
    standing: Message,
    tone: &'static str,
}

/// Says of each version whether it is a draft, still to come, in use, or replaced by a newer one of its name.
fn lines(listed: Vec<Listed>, today: Date) -> Vec<Line> {
    let today = today.to_string();
    let mut lines: Vec<Line> = Vec::with_capacity(listed.len());
    for one in listed {
        let replaced = lines.iter().any(|line| line.listed.name == one.name && line.tone == "ok");
        let (key, tone) = match &one.active_from {
            None => ("rule-set-draft", ""),
            Some(day) if *day > today => ("rule-set-from-day", "info"),
            Some(_) if replaced => ("rule-set-replaced", ""),
            Some(_) => ("rule-set-since", "ok"),
        };
        let standing = Message::new(key).text("day", one.active_from.as_deref().unwrap_or_default());
        lines.push(Line { listed: one, standing, tone });
    }
    lines
}

#[derive(Template)]
#[template(path = "tools/rule_sets.html")]
struct ListPage {
    frame: Frame,
    listed: Vec<Line>,
    may_load: bool,
    document: String,
    wrong: Vec<Wrong>,
}

/// `GET /rule-sets`
pub async fn list(visit: Visit<SeeBookings>) -> Answer {
    list_page(&visit, String::new(), Vec::new()).await
}

async fn list_page<P: Needs>(visit: &Visit<P>, document: String, wrong: Vec<Wrong>) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let may_load = visit.may(Permission::ManageRules);
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = ListPage {
        frame: visit.frame("rule-sets-title", Place::RuleSets),
        listed: lines(store::list(&mut conn, may_load, visit.app.settings.limits.page_rows).await?, utc_day(visit.app.clock.now())),
        may_load,
        document,
        wrong,
    };
    visit.page_with(status, &page)
}

#[derive(Deserialize)]
pub struct LoadForm {
    document: String,
}

/// `POST /rule-sets`
pub async fn load(visit: Visit<ManageRules>, form: DocumentForm<LoadForm>) -> Answer {
    let DocumentForm(LoadForm { document }) = form;
    let (app, by) = (&visit.app, visit.actor.email.clone());
    match loading::keep(&app.db, document.clone(), app.settings.limits.max_document_bytes, by, app.clock.now()).await {
        Ok(rules) => Ok(see_other(&format!("/rule-sets/{}?done=rule-set-loaded", rules.full_version()))),
        Err(Refusal::Database(error)) => Err(error.into()),
        Err(refusal) => list_page(&visit, document, sentences(refusal)).await,
    }
}

fn sentences(refusal: Refusal) -> Vec<Wrong> {
    let one = |path: &str, sentence: Message| vec![Wrong { path: path.to_owned(), sentence }];
    match refusal {
        Refusal::TooLong(max) => one("", Message::new("rule-set-too-long").count("max", i64::try_from(max).unwrap_or(i64::MAX))),
        Refusal::Unreadable { path, cause } => one("", Message::new("rule-set-bad-json").text("path", path).text("cause", cause)),
        Refusal::Wrong(problems) => {
            problems.into_iter().map(|Problem { path, mistake }| Wrong { path, sentence: mistake.named() }).collect()
        }
        Refusal::Taken(rules) => one("", Message::new("rule-set-taken").text("name", &rules.name).text("version", &rules.version)),
        Refusal::Database(error) => one("", Message::new("rule-set-bad-json").text("path", "–").text("cause", error)),
    }
}

#[derive(Template)]
#[template(path = "tools/rule_set.html")]
struct ShowPage {
    frame: Frame,
    kept: KeptRuleSet,
    ladders: Vec<Ladder>,
    before: Option<String>,
    differences: Vec<Difference>,
    /// For who may put a draft in use.
    preview: Option<Preview>,
    changed: Option<Message>,
    problems: Problems,
    from: String,
}

/// `GET /rule-sets/{name}/{version}`
pub async fn show(visit: Visit<SeeBookings>, path: Path<(String, String)>) -> Answer {
    show_page(&visit, &path, Problems::default(), None).await
}

async fn show_page<P: Needs>(visit: &Visit<P>, path: &(String, String), problems: Problems, from: Option<String>) -> Answer {
    let (name, version) = path;
    let limits = &visit.app.settings.limits;
    let today = utc_day(visit.app.clock.now());
    let mut conn = visit.app.db.read().await?;
    let may_load = visit.may(Permission::ManageRules);
    let is_for_all = |kept: &KeptRuleSet| may_load || kept.active_from.is_some() || kept.is_built_in();
    let kept = store::find(&mut conn, name, version).await?.filter(is_for_all).ok_or(Error::NotFound)?;
    let before = store::before(&mut conn, &kept).await?.filter(is_for_all);
    let may_activate = may_load && kept.active_from.is_none() && !kept.is_built_in();
    let preview = if may_activate {
        Some(preview::of(&mut conn, &kept.rules, today, limits.preview_quotes, limits.rate_max_age_days).await?)
    } else {
        None
    };
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = ShowPage {
        frame: visit.frame(Message::new("source-cited").text("source", &kept.rules.title), Place::RuleSets),
        ladders: kept.rules.conditions.iter().map(Ladder::of).collect(),
        differences: before.as_ref().map(|before| preview::differences(&before.rules, &kept.rules)).unwrap_or_default(),
        before: before.map(|before| before.rules.version),
        changed: preview.as_ref().map(changed),
        preview,
        problems,
        from: from.unwrap_or_else(|| today.to_string()),
        kept,
    };
    visit.page_with(status, &page)
}

impl ShowPage {
    fn rules(&self) -> &RuleSet {
        &self.kept.rules
    }

    #[allow(clippy::unused_self, reason = "templates call methods of their page")]
    fn void_window(&self, void: &VoidRules) -> Message {
        match &void.window {
            VoidWindow::Hours(hours) => Message::new("rule-set-void-hours").count("count", *hours),
            VoidWindow::SameDay(zone) => Message::new("rule-set-void-day").text("zone", zone),
        }
    }
}

fn changed(preview: &Preview) -> Message {
    let figure = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let key = if preview.changes.is_empty() { "rule-set-preview-none" } else { "rule-set-preview-some" };
    Message::new(key).count("count", figure(preview.count)).count("changed", figure(preview.changes.len()))
}

#[derive(Deserialize)]
pub struct ActivationForm {
    from: String,
}

/// `POST /rule-sets/{name}/{version}/activation`
pub async fn activate(visit: Visit<ManageRules>, path: Path<(String, String)>, form: Form<ActivationForm>) -> Answer {
    let Form(ActivationForm { from }) = form;
    let (app, now) = (&visit.app, visit.app.clock.now());
    let mut problems = Problems::default();
    let day = from.parse::<Date>().ok().filter(|day| *day >= utc_day(now)).ok_or_else(|| Message::new("rule-set-activate-past"));
    let Some(day) = problems.take("from", day) else { return show_page(&visit, &path, problems, Some(from)).await };
    let (name, version) = path.into_inner();
    if loading::activate(&app.db, name.clone(), version.clone(), day, visit.actor.email.clone(), now).await? {
        return Ok(see_other(&format!("/rule-sets/{name}/{version}?done=rule-set-activated")));
    }
    problems.add("from", "rule-set-active-already");
    show_page(&visit, &(name, version), problems, Some(from)).await
}
