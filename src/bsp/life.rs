//! The life of a refund form: transmitted, released, printed, answered, reported, deleted. Each function is one
//! transaction of form, coupons and event.

use super::command::Code;
use super::model::{Form, Office, Status};
use super::ticket_number::TicketNumber;
pub use super::typed::Typed;
use super::typed::Unread;
use super::{checking, coupon_store, form_store, office_day, office_store};
use crate::agencies::store as agencies;
use crate::config::Limits;
use crate::db::{Conn, Db, is_duplicate};
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::Actor;
use crate::kernel::money::Rounding;
use crate::kernel::time::{Timestamp, plus_days};
use crate::notices::model::{Case, CaseKind};
use crate::notices::store as notices;
use crate::refund_calculation::refund_form::{Commission, CommissionOf, CommissionRule, FormFault, Hidden, settle};
use crate::refund_calculation::sealed::SealKey;
use crate::web::form::Problems;
use crate::web::words::Message;

/// With what forms are reckoned.
#[derive(Debug, Clone)]
pub struct Works {
    pub key: SealKey,
    pub rule: CommissionRule,
    pub answer_days: i64,
    /// Days after its issue for which a ticket fills a form, and the same where the passenger did not show up.
    pub window_days: i64,
    pub no_show_days: i64,
}

impl Works {
    /// As the settings and the server's secret say.
    #[must_use]
    pub fn new(limits: &Limits, secret: &str) -> Self {
        let rounding = match limits.bsp_commission_rounding.as_str() {
            "up" => Rounding::Up,
            "down" => Rounding::Down,
            _ => Rounding::HalfUp,
        };
        let of = limits.bsp_commission_of.parse().unwrap_or(CommissionOf::Gross);
        Self {
            key: SealKey::of(secret),
            rule: CommissionRule { of, rounding },
            answer_days: limits.bsp_answer_days,
            window_days: limits.bsp_window_days,
            no_show_days: limits.bsp_no_show_days,
        }
    }
}

/// Why nothing was done.
#[derive(Debug)]
pub enum NotDone {
    Absent,
    /// Somebody was faster, or it is no longer where this can be done.
    Overtaken,
    /// The host's answer.
    Code(Code),
    Problems(Problems),
    /// A second person has to do it.
    OwnForm,
    /// What is hidden behind a ticket was sealed with another secret.
    Unsealed,
    Database(sqlx::Error),
}

impl From<sqlx::Error> for NotDone {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<Code> for NotDone {
    fn from(code: Code) -> Self {
        Self::Code(code)
    }
}

impl From<Unread> for NotDone {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Code(code) => Self::Code(code),
            Unread::Problems(problems) => Self::Problems(problems),
        }
    }
}

/// One thing that is wrong with a form.
pub(super) fn problem(field: &'static str, message: impl Into<Message>) -> NotDone {
    let mut problems = Problems::default();
    problems.add(field, message);
    NotDone::Problems(problems)
}

/// A form that somebody transmits.
#[derive(Debug)]
pub struct Wish {
    pub form_id: String,
    pub seen_version: i64,
    pub typed: Typed,
    /// Whether the airline is to be asked first.
    pub application: bool,
}

/// Transmits a form, or changes one that was transmitted today. The same press again gets the first answer.
///
/// # Errors
/// Why not; nothing is changed then.
pub async fn transmit(db: &Db, actor: &Actor, works: &Works, wish: Wish, now: Timestamp) -> Result<String, NotDone> {
    let (actor, works) = (actor.clone(), works.clone());
    db.write(move |conn| Box::pin(async move { transmit_in(conn, &actor, &works, wish, now).await })).await
}

async fn transmit_in(conn: &mut Conn, actor: &Actor, works: &Works, wish: Wish, now: Timestamp) -> Result<String, NotDone> {
    let form = form_store::find(conn, &actor.scope(), &wish.form_id).await?.ok_or(NotDone::Absent)?;
    let office = seat(conn, actor, &form).await?;
    if is_answered(&form, &wish) {
        return Ok(form.id);
    }
    if form.version != wish.seen_version {
        return Err(NotDone::Overtaken);
    }
    let today = office_day(&office.zone_name, now);
    if form.status != Status::Draft && !form.is_open(today) {
        return Err(Code::DayClosed.into());
    }
    if form.status != Status::Draft && (form.asked || wish.application) {
        return Err(problem("number", "bsp-asked"));
    }
    let number = TicketNumber::parse(&wish.typed.number).map_err(|_| Code::TicketFormat)?;
    let kept = checking::ticket_of(conn, (&form, &office), &number, works, now).await?;
    let is_hidden = kept.as_ref().is_some_and(|kept| kept.hidden);
    let read = wish.typed.read(form.gross.currency, is_hidden)?;
    let (coupons, hidden) = match &kept {
        Some(kept) => (checking::check_ticket(conn, &form, kept, &read).await?, checking::hidden_of(kept, works)?),
        None => (checking::unknown_coupons(conn, &form, &read).await?, Hidden::NOTHING),
    };
    let settled = settle(&read.figures, hidden, works.rule).map_err(|fault| match fault {
        FormFault::FixedRate => Code::CommissionRate.into(),
        FormFault::TooManyTaxes => problem("taxes", "bsp-too-many-taxes"),
        FormFault::Figure | FormFault::Money(_) => problem("commission", "bsp-commission-too-much"),
        FormFault::BelowZero => problem("deduction", "bsp-below-zero"),
    })?;
    // What waits for a second person goes on waiting, whatever the office asks for by now.
    let status = match (wish.application, office.four_eyes || form.status == Status::AwaitingRelease) {
        (true, _) => Status::Pending,
        (false, true) => Status::AwaitingRelease,
        (false, false) => Status::Saved,
    };
    let refund_no = match (&form.refund_no, &form.wanted_no) {
        (Some(number), _) => number.clone(),
        (None, Some(wanted)) => match form_store::of_number(conn, &form.office_id, wanted).await? {
            Some(_) => return Err(Code::RefundExists.into()),
            None => wanted.clone(),
        },
        (None, None) => form_store::next_number(conn, &form.office, &form.office_id).await?,
    };
    let happened = if form.status == Status::Draft { "transmitted" } else { "changed" };
    let after = Form {
        status,
        refund_no: Some(refund_no),
        ticket_id: kept.as_ref().map(|kept| kept.id.clone()),
        number: read.number.digits().to_owned(),
        hidden: is_hidden,
        asked: wish.application,
        gross: read.figures.gross,
        deduction: read.figures.deduction,
        tax: settled.tax,
        commission: settled.commission,
        net_refund: settled.net_refund,
        rate_points: read.rate_points,
        content: read.content,
        pnr: kept.as_ref().map(|kept| kept.ticket.pnr.clone()).unwrap_or_default(),
        sales_day: (status == Status::Saved).then_some(today),
        saved_at: (status == Status::Saved).then_some(now),
        answer_due: (status == Status::Pending).then(|| plus_days(now, works.answer_days)),
        created_by: actor.user_id.clone(),
        created_by_name: actor.name.clone(),
        ..form
    };
    if !coupon_store::hold(conn, &after, &coupons).await? {
        return Err(problem("coupons", "bsp-coupon-refunded"));
    }
    save(conn, &after).await?;
    let details = serde_json::json!({ "net": after.net_refund, "status": status });
    journal::write(conn, Subject::BspForm, &after.id, happened, &Author::from(actor), &details, now).await?;
    Ok(after.id)
}

/// Whether this very press was answered already.
fn is_answered(form: &Form, wish: &Wish) -> bool {
    if form.version.checked_sub(1) != Some(wish.seen_version)
        || !form.status.stands()
        || wish.application != (form.status == Status::Pending)
    {
        return false;
    }
    let Ok(read) = wish.typed.read(form.gross.currency, form.hidden) else { return false };
    let same_commission = match read.figures.commission {
        Commission::Amount(amount) => form.rate_points.is_none() && form.commission == amount,
        Commission::Rate(points) => form.rate_points == Some(points),
    };
    let same_figures = form.gross == read.figures.gross && form.deduction == read.figures.deduction && same_commission;
    same_figures && form.content == read.content && form.number == read.number.digits()
}

async fn save(conn: &mut Conn, after: &Form) -> Result<(), NotDone> {
    match form_store::save(conn, after, after.version).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(NotDone::Overtaken),
        Err(error) if is_duplicate(&error) => Err(Code::RefundExists.into()),
        Err(error) => Err(error.into()),
    }
}

/// The office of a form, if somebody sits there.
async fn seat(conn: &mut Conn, actor: &Actor, form: &Form) -> Result<Office, NotDone> {
    let desk = office_store::desk_of(conn, &actor.user_id).await?;
    desk.map(|desk| desk.office).filter(|office| office.id == form.office_id).ok_or(NotDone::Code(Code::Authority))
}

/// Releases a form that somebody else transmitted: it is sold from now on.
///
/// # Errors
/// Why not.
pub async fn release(db: &Db, actor: &Actor, form_id: &str, seen_version: i64, now: Timestamp) -> Result<(), NotDone> {
    let (actor, form_id) = (actor.clone(), form_id.to_owned());
    db.write(move |conn| {
        Box::pin(async move {
            let form = form_store::find(conn, &actor.scope(), &form_id).await?.ok_or(NotDone::Absent)?;
            if form.status != Status::AwaitingRelease || form.version != seen_version {
                return Err(NotDone::Overtaken);
            }
            if form.created_by == actor.user_id {
                return Err(NotDone::OwnForm);
            }
            sell(conn, form, "released", &Author::from(&actor), &serde_json::json!({}), now).await
        })
    })
    .await
}

/// The form counts in the sales day of now.
async fn sell(
    conn: &mut Conn,
    form: Form,
    happened: &str,
    author: &Author,
    details: &serde_json::Value,
    now: Timestamp,
) -> Result<(), NotDone> {
    let office = office_store::office(conn, &form.office).await?.ok_or(NotDone::Absent)?;
    // It may have waited for weeks: the ticket must still be what it was.
    checking::check_again(conn, &form).await?;
    let sold =
        Form { status: Status::Saved, sales_day: Some(office_day(&office.zone_name, now)), saved_at: Some(now), answer_due: None, ..form };
    // What the airline agreed to is released as any other form is.
    let after = if office.four_eyes && happened == Said::Authorizes.word() {
        Form { status: Status::AwaitingRelease, sales_day: None, saved_at: None, ..sold }
    } else {
        sold
    };
    save(conn, &after).await?;
    Ok(journal::write(conn, Subject::BspForm, &after.id, happened, author, details, now).await?)
}

/// Notes that a form was printed. One that was before stays as it is.
///
/// # Errors
/// Why it cannot be printed.
pub async fn print(db: &Db, actor: &Actor, form_id: &str, now: Timestamp) -> Result<(), NotDone> {
    let (actor, form_id) = (actor.clone(), form_id.to_owned());
    db.write(move |conn| {
        Box::pin(async move {
            let form = form_store::find(conn, &actor.scope(), &form_id).await?.ok_or(NotDone::Absent)?;
            seat(conn, &actor, &form).await?;
            match form.status {
                Status::Printed | Status::Reported => return Ok(()),
                Status::Saved => {}
                _ => return Err(Code::NoRecord.into()),
            }
            save(conn, &Form { status: Status::Printed, ..form }).await?;
            Ok(journal::write(conn, Subject::BspForm, &form_id, "printed", &Author::from(&actor), &serde_json::json!({}), now).await?)
        })
    })
    .await
}

/// Deletes a form whose sales day is open, or an application; its coupons are open again. A draft is given up.
///
/// # Errors
/// Why not.
pub async fn delete(db: &Db, actor: &Actor, form_id: &str, seen_version: i64, now: Timestamp) -> Result<(), NotDone> {
    let (actor, form_id) = (actor.clone(), form_id.to_owned());
    db.write(move |conn| {
        Box::pin(async move {
            let form = form_store::find(conn, &actor.scope(), &form_id).await?.ok_or(NotDone::Absent)?;
            let office = seat(conn, &actor, &form).await?;
            if matches!(form.status, Status::Deleted | Status::Abandoned) {
                return Ok(());
            }
            if form.version != seen_version {
                return Err(NotDone::Overtaken);
            }
            let today = office_day(&office.zone_name, now);
            let status = match form.status {
                Status::Draft => Status::Abandoned,
                status if status.is_application() || form.is_open(today) => Status::Deleted,
                _ => return Err(Code::DayClosed.into()),
            };
            coupon_store::free(conn, &form.id).await?;
            save(conn, &Form { status, answer_due: None, ..form }).await?;
            let happened = if status == Status::Deleted { "deleted" } else { "abandoned" };
            Ok(journal::write(conn, Subject::BspForm, &form_id, happened, &Author::from(&actor), &serde_json::json!({}), now).await?)
        })
    })
    .await
}

crate::text_column! {
    /// What the airline says to a refund application.
    pub enum Said { Investigates = "investigates", Authorizes = "authorizes", Rejects = "rejects" }
}

/// Records what the airline says to an application, and tells who sent it.
///
/// # Errors
/// Why not.
pub async fn answer(
    db: &Db,
    actor: &Actor,
    (form_id, seen_version): (&str, i64),
    said: Said,
    remark: Option<String>,
    now: Timestamp,
) -> Result<(), NotDone> {
    let (actor, form_id) = (actor.clone(), form_id.to_owned());
    db.write(move |conn| {
        Box::pin(async move {
            let form = form_store::find(conn, &actor.scope(), &form_id).await?.ok_or(NotDone::Absent)?;
            if !form.status.is_application() || form.version != seen_version {
                return Err(NotDone::Overtaken);
            }
            if said == Said::Rejects && remark.is_none() {
                return Err(problem("remark", "bsp-remark-needed"));
            }
            let (author, details) = (Author::from(&actor), serde_json::json!({ "remark": remark }));
            let agency_id = form.agency_id.clone();
            let number = form.refund_no.clone().unwrap_or_default();
            match said {
                Said::Authorizes => sell(conn, form, said.word(), &author, &details, now).await?,
                Said::Investigates => {
                    save(conn, &Form { status: Status::UnderInvestigation, ..form }).await?;
                    journal::write(conn, Subject::BspForm, &form_id, said.word(), &author, &details, now).await?;
                }
                Said::Rejects => {
                    coupon_store::free(conn, &form.id).await?;
                    save(conn, &Form { status: Status::Rejected, answer_due: None, ..form }).await?;
                    journal::write(conn, Subject::BspForm, &form_id, said.word(), &author, &details, now).await?;
                }
            }
            let case = Case { kind: CaseKind::BspForm, id: form_id.clone(), no: number.clone(), order_no: String::new() };
            let mut sentences = vec![Message::new(format!("notice-bsp-{said}")).text("number", number)];
            sentences.extend(remark.map(|remark| Message::new("event-note").text("note", remark)));
            let people = agencies::audience(conn, Some(&agency_id), None).await?;
            Ok(notices::post(conn, &people, &case, &sentences, now).await?)
        })
    })
    .await
}

/// Reports one form whose sales day is over. Answers whether there was any.
///
/// # Errors
/// The database's own.
pub async fn report_one(db: &Db, now: Timestamp) -> Result<bool, sqlx::Error> {
    let mut conn = db.read().await?;
    if form_store::unreported(&mut conn, now).await?.is_none() {
        return Ok(false);
    }
    drop(conn);
    db.write(move |conn| {
        Box::pin(async move {
            let Some(form) = form_store::unreported(conn, now).await? else { return Ok(false) };
            let version = form.version;
            if form_store::save(conn, &Form { status: Status::Reported, ..form.clone() }, version).await? {
                journal::write(conn, Subject::BspForm, &form.id, "reported", &Author::program(), &serde_json::json!({}), now).await?;
            }
            Ok(true)
        })
    })
    .await
}
