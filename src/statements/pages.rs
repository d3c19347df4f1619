//! Finance → Statements: the list, how they are made and sent, and one statement with its print layout.

use actix_web::http::StatusCode;
use actix_web::web::{Path, Query};
use askama::Template;
use serde::{Deserialize, Serialize};

use super::model::{Period, Statement, StatementLine, Subtotal};
use super::settings::{self, MOST_EMAILS, Settings};
use super::{file, store};
use crate::agencies::model::parse_email;
use crate::kernel::actor::Permission;
use crate::kernel::language::Language;
use crate::kernel::time::{instant_text, utc_day};
use crate::web::error::Error;
use crate::web::figures;
use crate::web::filters;
use crate::web::form::{Form, Problems};
use crate::web::frame::{Frame, Place};
use crate::web::paging::{self, Cursor, Page};
use crate::web::sheet::{self, Cell, Format};
use crate::web::visit::{Needs, SeeMoney, TopUp, Visit};
use crate::web::words::{Message, say};
use crate::web::{Answer, see_other};

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct ListQuery {
    after: String,
}

#[derive(Template)]
#[template(path = "statements/list.html")]
struct ListPage {
    frame: Frame,
    statements: Vec<Statement>,
    next: Option<String>,
    operator: bool,
    /// The agency's choice, for who may change it.
    form: Option<SettingsForm>,
    next_due: Option<Settings>,
    periods: &'static [Period],
    languages: &'static [Language],
    /// Each day of the week with the key of its name.
    weekdays: Vec<(i8, String)>,
    most: usize,
    problems: Problems,
}

/// `GET /finance/statements`
pub async fn list(visit: Visit<SeeMoney>, query: Query<ListQuery>) -> Answer {
    page(&visit, query.into_inner(), None, Problems::default()).await
}

async fn page<P: Needs>(visit: &Visit<P>, query: ListQuery, typed: Option<SettingsForm>, problems: Problems) -> Answer {
    let rows = visit.app.settings.limits.page_rows;
    let mut conn = visit.app.db.read().await?;
    let found = store::list(&mut conn, &visit.scope(), Cursor::parse(&query.after), rows + 1).await?;
    let page = Page::cut(found, rows, |one| Cursor { sorted: instant_text(one.created_at), id: one.id.clone() });
    let own = match visit.scope().agency_id() {
        Some(agency_id) => settings::of(&mut conn, agency_id).await?,
        None => None,
    };
    let shown = visit.may(Permission::TopUp).then(|| typed.unwrap_or_else(|| SettingsForm::of(own.as_ref(), visit.actor.language)));
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = ListPage {
        frame: visit.frame("statements-title", Place::Statements),
        next: page.next.map(|after| paging::with_cursor(&query, &after)),
        statements: page.rows,
        operator: visit.actor.role.is_operator(),
        form: shown,
        next_due: own.filter(|settings| settings.period != Period::Never),
        periods: Period::ALL,
        languages: Language::ALL,
        weekdays: (1..=7).map(|day| (day, format!("weekday-{day}"))).collect(),
        most: MOST_EMAILS,
        problems,
    };
    visit.page_with(status, &page)
}

/// What was typed, exactly as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct SettingsForm {
    period: String,
    weekday: Vec<i8>,
    emails: String,
    language: String,
}

impl SettingsForm {
    fn of(settings: Option<&Settings>, language: Language) -> Self {
        match settings {
            None => Self {
                period: Period::Monthly.word().to_owned(),
                language: language.word().to_owned(),
                weekday: vec![1],
                emails: String::new(),
            },
            Some(settings) => Self {
                period: settings.period.word().to_owned(),
                weekday: settings.weekdays.clone(),
                emails: settings.emails.join("\n"),
                language: settings.language.word().to_owned(),
            },
        }
    }

    /// What it means, over what held before.
    fn parse(&self, before: Settings, zone_name: &str, problems: &mut Problems) -> Option<Settings> {
        let period = problems.take("period", self.period.parse::<Period>().map_err(|_| Message::new("form-choose")));
        let language = problems.take("language", self.language.parse::<Language>().map_err(|_| Message::new("form-choose")));
        let weekdays: Vec<i8> = self.weekday.iter().copied().filter(|day| (1..=7).contains(day)).collect();
        if period == Some(Period::Weekly) && weekdays.is_empty() {
            problems.add("weekday", "statement-weekday-needed");
        }
        let words = self.emails.split(['\n', ',', ';', ' ']).map(str::trim).filter(|text| !text.is_empty());
        let mut emails: Vec<String> = Vec::new();
        for word in words {
            if problems.0.len() > MOST_EMAILS {
                break;
            }
            // What mail cannot be sent to is refused here, not in a log months later.
            match parse_email(word) {
                Ok(email) if emails.contains(&email) => {}
                Ok(email) => emails.push(email),
                Err(_) => problems.add("emails", Message::new("statement-email-wrong").text("email", word)),
            }
        }
        if emails.len() > MOST_EMAILS {
            problems.add("emails", Message::new("statement-emails-too-many").count("max", i64::try_from(MOST_EMAILS).unwrap_or(10)));
        }
        let settings = Settings { period: period?, language: language?, weekdays, emails, zone_name: zone_name.to_owned(), ..before };
        problems.is_empty().then_some(settings)
    }
}

/// `POST /finance/statements/settings`
pub async fn save_settings(visit: Visit<TopUp>, form: Form<SettingsForm>) -> Answer {
    let agency_id = visit.actor.agency_id.clone().ok_or(Error::NotFound)?;
    let now = visit.app.clock.now();
    let mut conn = visit.app.db.read().await?;
    let before = settings::of(&mut conn, &agency_id).await?.unwrap_or_else(|| settings::usual(&agency_id, now));
    drop(conn);
    let mut problems = Problems::default();
    let Some(chosen) = form.0.parse(before, &visit.actor.zone_name, &mut problems) else {
        return page(&visit, ListQuery::default(), Some(form.0), problems).await;
    };
    if !visit.app.db.write(move |conn| Box::pin(async move { settings::save(conn, &chosen).await })).await? {
        return Err(Error::Conflict(Message::new("statement-settings-overtaken")));
    }
    Ok(see_other("/finance/statements?done=statement-settings-saved"))
}

/// Lines that the page shows; all of them are in the files.
const MOST_LINES: i64 = 5000;

#[derive(Template)]
#[template(path = "statements/show.html")]
struct ShowPage {
    frame: Frame,
    statement: Statement,
    subtotals: Vec<Subtotal>,
    refunds: Vec<(StatementLine, String)>,
    others: Vec<(StatementLine, String)>,
    all_shown: bool,
    issuer: String,
}

/// `GET /finance/statements/{number}`
pub async fn show(visit: Visit<SeeMoney>, number: Path<String>) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let statement = store::find(&mut conn, &visit.scope(), &number).await?.ok_or(Error::NotFound)?;
    let lines = store::lines(&mut conn, &statement, 0, MOST_LINES).await?;
    let zone = statement.zone_name.clone();
    let with_moment = |(_, line): (i64, StatementLine)| {
        let at = crate::web::figures::moment(line.at, &zone);
        (line, at)
    };
    let (refunds, others): (Vec<_>, Vec<_>) = lines.into_iter().map(with_moment).partition(|(line, _)| line.actual.is_some());
    visit.page(&ShowPage {
        frame: visit.frame(file::title(&statement), Place::Statements),
        subtotals: store::subtotals(&mut conn, &statement).await?,
        all_shown: statement.line_count <= MOST_LINES,
        issuer: if statement.issuer.is_empty() { visit.app.settings.operator_name.clone() } else { statement.issuer.clone() },
        refunds,
        others,
        statement,
    })
}

async fn export(visit: &Visit<SeeMoney>, number: &str, format: Format) -> Answer {
    let mut conn = visit.app.db.read().await?;
    let statement = store::find(&mut conn, &visit.scope(), number).await?.ok_or(Error::NotFound)?;
    drop(conn);
    let (app, reader) = (visit.app.clone(), visit.reader());
    let sheet = visit.sheet(statement.number.clone(), file::columns(&reader));
    let rows = sheet::paged(0, move |after| {
        let (app, statement, reader) = (app.clone(), statement.clone(), reader.clone());
        async move {
            let mut conn = app.db.read().await?;
            Ok(file::rows(&mut conn, &statement, &reader, after).await?)
        }
    });
    sheet.send(format, rows).await
}

/// `GET /finance/statements/{number}/file.csv`
pub async fn csv(visit: Visit<SeeMoney>, number: Path<String>) -> Answer {
    export(&visit, &number, Format::Csv).await
}

/// `GET /finance/statements/{number}/file.xlsx`
pub async fn xlsx(visit: Visit<SeeMoney>, number: Path<String>) -> Answer {
    export(&visit, &number, Format::Xlsx).await
}

const COLUMNS: [&str; 9] = [
    "statement",
    "agency",
    "statement-from",
    "statement-until",
    "currency",
    "statement-opening",
    "statement-change",
    "statement-closing",
    "statement-issued",
];

async fn export_list(visit: &Visit<SeeMoney>, format: Format) -> Answer {
    let (app, scope, reader) = (visit.app.clone(), visit.scope(), visit.reader());
    let columns = COLUMNS.iter().map(|key| say(reader.language, key)).collect();
    let rows = sheet::paged(None, move |after: Option<Cursor>| {
        let (app, scope, zone) = (app.clone(), scope.clone(), reader.zone_name.clone());
        async move {
            let mut conn = app.db.read().await?;
            let found = store::list(&mut conn, &scope, after, sheet::STEP).await?;
            let next = paging::after_full(&found, sheet::STEP, |one| Cursor { sorted: instant_text(one.created_at), id: one.id.clone() });
            let cells = |one: Statement| {
                vec![
                    Cell::Text(one.number.clone()),
                    Cell::Text(one.agency_name.clone()),
                    Cell::Text(one.from.to_string()),
                    Cell::Text(one.last_day().to_string()),
                    Cell::Text(one.closing.currency.code().to_owned()),
                    Cell::Amount(Some(one.opening)),
                    Cell::Amount(Some(one.change())),
                    Cell::Amount(Some(one.closing)),
                    Cell::Text(figures::moment(one.created_at, &zone)),
                ]
            };
            Ok((found.into_iter().map(cells).collect(), next.map(Some)))
        }
    });
    visit.sheet(format!("statements-{}", utc_day(visit.app.clock.now())), columns).send(format, rows).await
}

/// `GET /finance/statements.csv`
pub async fn list_csv(visit: Visit<SeeMoney>) -> Answer {
    export_list(&visit, Format::Csv).await
}

/// `GET /finance/statements.xlsx`
pub async fn list_xlsx(visit: Visit<SeeMoney>) -> Answer {
    export_list(&visit, Format::Xlsx).await
}
