//! Transmitting a form: what was typed is read, the ticket looked at, the whole reckoned and kept, in one transaction.

use super::command::Code;
use super::life::{self, NotDone, problem};
use super::model::{Form, Status};
use super::ticket_number::TicketNumber;
use super::typed::Typed;
use super::{checking, coupon_store, form_store};
use crate::config::Limits;
use crate::db::{Conn, Db};
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::Actor;
use crate::kernel::money::Rounding;
use crate::kernel::time::{Timestamp, day_in, plus_days};
use crate::refund_calculation::refund_form::{Commission, CommissionOf, CommissionRule, FormFault, Hidden, settle};
use crate::refund_calculation::sealed::SealKey;

/// With what forms are reckoned.
#[derive(Debug, Clone)]
pub struct Terms {
    pub key: SealKey,
    pub rule: CommissionRule,
    pub answer_days: i64,
    /// Days after its issue for which a ticket fills a form, and the same where the passenger did not show up.
    pub window_days: i64,
    pub no_show_days: i64,
}

impl Terms {
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
pub async fn transmit(db: &Db, actor: &Actor, terms: &Terms, wish: Wish, now: Timestamp) -> Result<String, NotDone> {
    let (actor, terms) = (actor.clone(), terms.clone());
    db.write(move |conn| Box::pin(async move { transmit_in(conn, &actor, &terms, wish, now).await })).await
}

async fn transmit_in(conn: &mut Conn, actor: &Actor, terms: &Terms, wish: Wish, now: Timestamp) -> Result<String, NotDone> {
    let form = life::held(conn, actor, &wish.form_id).await?;
    let office = life::office_of(conn, actor, &form).await?;
    if is_answered(&form, &wish) {
        return Ok(form.id);
    }
    if form.version != wish.seen_version {
        return Err(NotDone::Overtaken);
    }
    let today = day_in(&office.zone_name, now);
    if form.status != Status::Draft && !form.is_open(today) {
        return Err(Code::DayClosed.into());
    }
    if form.status != Status::Draft && (form.asked || wish.application) {
        return Err(problem("number", "bsp-asked"));
    }
    let number = TicketNumber::parse(&wish.typed.number).map_err(|_| Code::TicketFormat)?;
    let kept = checking::ticket_of(conn, (&form, &office), &number, terms, now).await?;
    let is_hidden = kept.as_ref().is_some_and(|kept| kept.hidden);
    let read = wish.typed.read(form.gross.currency, is_hidden)?;
    let (coupons, hidden) = match &kept {
        Some(kept) => (checking::check_ticket(conn, &form, kept, &read).await?, checking::hidden_of(kept, terms)?),
        None => (checking::unknown_coupons(conn, &form, &read).await?, Hidden::NOTHING),
    };
    let settled = settle(&read.figures, hidden, terms.rule).map_err(|fault| match fault {
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
        answer_due: (status == Status::Pending).then(|| plus_days(now, terms.answer_days)),
        created_by: actor.user_id.clone(),
        created_by_name: actor.name.clone(),
        ..form
    };
    if !coupon_store::hold(conn, &after, &coupons).await? {
        return Err(problem("coupons", "bsp-coupon-refunded"));
    }
    life::save(conn, &after).await?;
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
