//! What a command line does: the same from the page and from the program's own command line.

use std::collections::HashMap;
use std::time::Duration;

use super::batch_store::{self, BatchRow, BspBatch};
use super::command::{self, Code, Command, Journey, Numbering, Tail, View};
use super::model::{Content, Desk, Form, KeptTicket, Sale, Status};
use super::ticket_number::TicketNumber;
use super::ticket_store::{Found, TicketSource};
use super::{checking, form_store, life, office_day, office_store};
use crate::config::Limits;
use crate::db::Db;
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::Actor;
use crate::kernel::id::new_id;
use crate::kernel::money::Money;
use crate::kernel::time::{Date, Timestamp};
use crate::refund_calculation::refund_form::FIXED_POINTS;
use crate::web::form::Problems;

/// Commands of somebody's history that are looked at.
pub const HISTORY: i64 = 50;

/// What a command came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A form to be seen or completed, by its id.
    Form {
        id: String,
        view: View,
    },
    /// A form to be confirmed by `RFIS`.
    Preview {
        id: String,
    },
    /// A form was transmitted by `RFIS`.
    Confirmed {
        id: String,
    },
    /// A form to be changed.
    Change {
        id: String,
    },
    Deleted {
        id: String,
    },
    /// A page of a sales report, from 1.
    Report {
        device: Option<i64>,
        day: Date,
        page: usize,
    },
}

/// Why a command was not done.
#[derive(Debug)]
pub enum NotDone {
    /// The host's answer.
    Code(Code),
    /// What is wrong with a form that `RFIS` should confirm.
    Form(life::NotDone),
    Database(sqlx::Error),
}

impl From<Code> for NotDone {
    fn from(code: Code) -> Self {
        Self::Code(code)
    }
}

impl From<sqlx::Error> for NotDone {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<life::NotDone> for NotDone {
    fn from(error: life::NotDone) -> Self {
        match error {
            life::NotDone::Code(code) => Self::Code(code),
            life::NotDone::Database(error) => Self::Database(error),
            other => Self::Form(other),
        }
    }
}

/// Somebody at a desk of an office.
pub struct Host<'a> {
    pub db: &'a Db,
    pub source: &'a dyn TicketSource,
    pub limits: &'a Limits,
    pub works: &'a life::Works,
    pub actor: &'a Actor,
    pub desk: &'a Desk,
    pub now: Timestamp,
}

impl Host<'_> {
    /// Does a command, and keeps it in its user's history.
    ///
    /// # Errors
    /// Why it was not done.
    pub async fn execute(&self, text: &str) -> Result<Outcome, NotDone> {
        let done = match command::parse(text) {
            Ok(command) => self.carry_out(command).await,
            Err(code) => Err(code.into()),
        };
        let code = match &done {
            Ok(_) => None,
            Err(NotDone::Code(code)) => Some(*code),
            Err(NotDone::Form(_)) => Some(Code::Format),
            Err(NotDone::Database(_)) => return done,
        };
        let (user_id, now) = (self.actor.user_id.clone(), self.now);
        // A card number that was typed by mistake is cut off with everything else that no command is long enough for.
        let kept: String = text.trim().chars().filter(|sign| !sign.is_control()).take(command::MAX_CHARS).collect();
        if !kept.is_empty() {
            self.db.write(move |conn| Box::pin(async move { office_store::remember(conn, &user_id, &kept, code, now).await })).await?;
        }
        done
    }

    fn today(&self) -> Date {
        office_day(&self.desk.office.zone_name, self.now)
    }

    async fn carry_out(&self, command: Command) -> Result<Outcome, NotDone> {
        match command {
            Command::Load { ticket, numbering, view, tail } => self.load(&ticket, numbering, view, tail).await,
            Command::Preview { ticket, tail } => {
                if self.left().await?.is_some() {
                    return Err(Code::StandardEntry.into());
                }
                let form = self.prepare(&ticket, Numbering::Automatic, tail, None).await?;
                let id = form.id.clone();
                self.begin(form, Vec::new()).await?;
                Ok(Outcome::Preview { id })
            }
            Command::Confirm { ticket } => self.confirm(&ticket).await,
            Command::New { numbering, view, tail } => self.new_form(numbering, view, tail).await,
            Command::ByTicket { ticket, view } => {
                let mut conn = self.db.read().await?;
                let form = form_store::of_ticket(&mut conn, &self.desk.office.agency_id, ticket.digits()).await?;
                drop(conn);
                self.shown(form.filter(|form| form.office_id == self.desk.office.id), view).await
            }
            Command::Print { number } => self.shown(self.form(&number).await?, View::Print).await,
            Command::Change { number } => {
                let form = self.form(&number).await?.ok_or(Code::NoRecord)?;
                if form.is_open(self.today()) { Ok(Outcome::Change { id: form.id }) } else { Err(Code::DayClosed.into()) }
            }
            Command::Delete { number } => {
                let form = self.form(&number).await?.ok_or(Code::NoRecord)?;
                life::delete(self.db, self.actor, &form.id, form.version, self.now).await?;
                Ok(Outcome::Deleted { id: form.id })
            }
            Command::Report { device, day } => {
                self.check_printer(device.unwrap_or(1))?;
                Ok(Outcome::Report { device, day: day.unwrap_or_else(|| self.today()), page: 1 })
            }
            Command::NextPage => self.next_page().await,
        }
    }

    /// The page after the one that was shown last: as many further as `PN` was typed since the report.
    async fn next_page(&self) -> Result<Outcome, NotDone> {
        let mut conn = self.db.read().await?;
        let history = office_store::history(&mut conn, &self.actor.user_id, HISTORY).await?;
        drop(conn);
        let done = history.into_iter().filter(|(_, code)| code.is_none()).map(|(text, _)| command::parse(&text));
        for (page, command) in (2..).zip(done) {
            match command {
                Ok(Command::NextPage) => {}
                Ok(Command::Report { device, day }) => {
                    return Ok(Outcome::Report { device, day: day.unwrap_or_else(|| self.today()), page });
                }
                _ => break,
            }
        }
        Err(Code::NoRecord.into())
    }

    fn check_printer(&self, printer: i64) -> Result<(), Code> {
        if (1..=self.desk.office.devices).contains(&printer) { Ok(()) } else { Err(Code::Printer) }
    }

    async fn form(&self, number: &str) -> Result<Option<Form>, sqlx::Error> {
        form_store::of_number(&mut *self.db.read().await?, &self.desk.office.id, number).await
    }

    /// The form with `+1C` that this person began and left.
    async fn left(&self) -> Result<Option<Form>, sqlx::Error> {
        form_store::left_by(&mut *self.db.read().await?, &self.actor.user_id).await
    }

    async fn shown(&self, form: Option<Form>, view: View) -> Result<Outcome, NotDone> {
        let form = form.ok_or(Code::NoRecord)?;
        if view == View::Print {
            life::print(self.db, self.actor, &form.id, self.now).await?;
        }
        Ok(Outcome::Form { id: form.id, view })
    }

    async fn new_form(&self, numbering: Numbering, view: View, tail: Tail) -> Result<Outcome, NotDone> {
        if let Numbering::Given(number) = &numbering
            && let Some(form) = self.form(number).await?
        {
            return Ok(Outcome::Form { id: form.id, view });
        }
        self.check_printer(tail.printer)?;
        if self.left().await?.is_some() {
            return Err(Code::StandardEntry.into());
        }
        let form = self.blank(numbering, tail);
        let id = form.id.clone();
        self.begin(form, Vec::new()).await?;
        Ok(Outcome::Form { id, view })
    }

    async fn load(&self, number: &TicketNumber, numbering: Numbering, view: View, tail: Tail) -> Result<Outcome, NotDone> {
        let left = self.left().await?;
        // After a form with +1C that was left, only the standard entry makes sure that nothing of it lives on.
        if left.is_some() && (numbering != Numbering::Automatic || view != View::Mask) {
            return Err(Code::StandardEntry.into());
        }
        let form = self.prepare(number, numbering, tail, None).await?;
        let id = form.id.clone();
        self.begin(form, left.into_iter().collect()).await?;
        Ok(Outcome::Form { id, view })
    }

    /// The form that a ticket fills, not kept yet.
    ///
    /// # Errors
    /// The host's code.
    pub async fn prepare(
        &self,
        number: &TicketNumber,
        numbering: Numbering,
        tail: Tail,
        batch_id: Option<String>,
    ) -> Result<Form, NotDone> {
        self.check_printer(tail.printer)?;
        if let Numbering::Given(wanted) = &numbering
            && self.form(wanted).await?.is_some()
        {
            return Err(Code::RefundExists.into());
        }
        let deadline = Duration::from_millis(self.limits.ticket_source_ms);
        if deadline.is_zero() {
            return Err(Code::TimeOut.into());
        }
        let asked = tokio::time::timeout(deadline, self.source.ticket(&self.desk.office.agency_id, number)).await;
        let kept = match asked.map_err(|_| Code::TimeOut)?? {
            Found::Unrecognised => return Err(Code::FillManually.into()),
            Found::Absent => return Err(Code::LoadingFailed.into()),
            Found::Ticket(kept) => *kept,
        };
        if kept.office_id != self.desk.office.id {
            return Err(Code::Authority.into());
        }
        if kept.ticket.sale == Sale::Void || !checking::is_within_window(&kept.ticket, &self.desk.office.zone_name, self.works, self.now) {
            return Err(Code::LoadingFailed.into());
        }
        Ok(Form { batch_id, ..self.filled(kept, numbering, tail) })
    }

    fn blank(&self, numbering: Numbering, tail: Tail) -> Form {
        let zero = Money::zero(self.desk.office.currency);
        Form {
            id: new_id(),
            agency_id: self.desk.office.agency_id.clone(),
            office_id: self.desk.office.id.clone(),
            office: self.desk.office.code.clone(),
            iata_number: self.desk.office.iata_number.clone(),
            device: tail.printer,
            agent: self.desk.agent.clone(),
            journey: tail.journey,
            status: Status::Draft,
            wanted_no: match numbering {
                Numbering::Automatic => None,
                Numbering::Given(number) => Some(number),
            },
            refund_no: None,
            ticket_id: None,
            number: String::new(),
            hidden: false,
            gross: zero,
            tax: zero,
            deduction: zero,
            rate_points: Some(0),
            commission: zero,
            net_refund: zero,
            content: Content {
                electronic: true,
                form_of_payment: "CASH".to_owned(),
                passenger_type: "ADT".to_owned(),
                ..Content::default()
            },
            pnr: String::new(),
            sales_day: None,
            version: 1,
            created_by: self.actor.user_id.clone(),
            created_by_name: self.actor.name.clone(),
            created_at: self.now,
            saved_at: None,
            answer_due: None,
            asked: false,
            batch_id: None,
        }
    }

    fn filled(&self, kept: KeptTicket, numbering: Numbering, tail: Tail) -> Form {
        let KeptTicket { id, hidden, ticket, refunded, .. } = kept;
        let last = ticket.numbers.last().filter(|_| ticket.numbers.len() > 1).and_then(|number| number.get(6..));
        let check = ticket.number().map(|number| number.check_digits()[0].to_string());
        // What is left of a ticket of which a part was used or refunded is for the agent to say.
        let (gross, taxes) = if refunded.is_empty() && ticket.is_untouched() {
            (ticket.fare, ticket.taxes.clone())
        } else {
            (Money::zero(ticket.fare.currency), Vec::new())
        };
        let tax = taxes.iter().map(|tax| tax.amount.minor).sum();
        Form {
            ticket_id: Some(id),
            number: ticket.numbers.first().cloned().unwrap_or_default(),
            hidden,
            gross,
            tax: Money::new(tax, gross.currency),
            rate_points: if hidden { Some(FIXED_POINTS) } else { ticket.rate_points },
            commission: ticket.commission.filter(|_| !hidden).unwrap_or(Money::zero(gross.currency)),
            content: Content {
                last_digits: last.unwrap_or_default().to_owned(),
                check_digit: check.unwrap_or_default(),
                coupons: ticket.open_groups(&refunded),
                passenger_name: ticket.passenger_name.clone(),
                passenger_type: ticket.passenger_type.clone(),
                form_of_payment: ticket.form_of_payment.clone(),
                electronic: ticket.electronic,
                taxes,
                credit_card: ticket.credit_card.clone(),
                seats_released: ticket.seats_released,
                ..Content::default()
            },
            pnr: ticket.pnr.clone(),
            ..self.blank(numbering, tail)
        }
    }

    /// Keeps a form that is begun; those that were left are so from now on.
    async fn begin(&self, new: Form, left: Vec<Form>) -> Result<(), sqlx::Error> {
        let author = Author::from(self.actor);
        let now = self.now;
        self.db
            .write(move |conn| {
                Box::pin(async move {
                    for form in left {
                        form_store::save(conn, &Form { status: Status::Abandoned, ..form.clone() }, form.version).await?;
                        journal::write(conn, Subject::BspForm, &form.id, "abandoned", &author, &serde_json::json!({}), now).await?;
                    }
                    form_store::insert(conn, &new).await?;
                    journal::write(conn, Subject::BspForm, &new.id, "begun", &author, &serde_json::json!({}), now).await
                })
            })
            .await
    }

    /// Prepares a form for each ticket number of a file; none of them is transmitted.
    ///
    /// # Errors
    /// The database's own. What the host answers to a row stands with the row.
    pub async fn prepare_many(&self, file_name: String, journey: Journey, texts: Vec<(i64, String)>) -> Result<String, sqlx::Error> {
        let (batch_id, tail) = (new_id(), Tail { printer: 1, journey });
        let (mut rows, mut forms, mut known) = (Vec::new(), Vec::new(), HashMap::<TicketNumber, String>::new());
        for (line, text) in texts {
            let row =
                |form_id, code: Option<Code>| BatchRow { line, text: text.clone(), form_id, code: code.map(|code| code.word().to_owned()) };
            let Ok(number) = TicketNumber::parse(&text) else {
                rows.push(row(None, Some(Code::TicketFormat)));
                continue;
            };
            if let Some(form_id) = known.get(&number) {
                rows.push(row(Some(form_id.clone()), None));
                continue;
            }
            match self.prepare(&number, Numbering::Automatic, tail, Some(batch_id.clone())).await {
                Ok(form) => {
                    let numbers = form.content.coupons.len().max(1);
                    // The other tickets of its set are on the same form.
                    let set = (0..numbers).filter_map(|nth| form.ticket_number()?.plus(u64::try_from(nth).ok()?));
                    known.extend(set.chain([number]).map(|number| (number, form.id.clone())));
                    rows.push(row(Some(form.id.clone()), None));
                    forms.push(form);
                }
                Err(NotDone::Code(code)) => rows.push(row(None, Some(code))),
                Err(NotDone::Database(error)) => return Err(error),
                Err(NotDone::Form(_)) => rows.push(row(None, Some(Code::Format))),
            }
        }
        let office = &self.desk.office;
        let new = BspBatch {
            id: batch_id,
            number: String::new(),
            agency_id: office.agency_id.clone(),
            office_id: office.id.clone(),
            office: office.code.clone(),
            file_name,
            rows,
            created_by_name: self.actor.name.clone(),
            created_at: self.now,
        };
        let (actor, now) = (self.actor.clone(), self.now);
        self.db.write(move |conn| Box::pin(async move { batch_store::insert(conn, new, forms, &actor, now).await })).await
    }

    async fn confirm(&self, ticket: &TicketNumber) -> Result<Outcome, NotDone> {
        let mut conn = self.db.read().await?;
        let draft = form_store::draft_of(&mut conn, &self.desk.office.agency_id, &self.actor.user_id, ticket.digits()).await?;
        drop(conn);
        let draft = draft.filter(|form| form.office_id == self.desk.office.id).ok_or(Code::NoRecord)?;
        if draft.gross.minor == 0 {
            let mut problems = Problems::default();
            problems.add("gross", "bsp-partly-used");
            return Err(NotDone::Form(life::NotDone::Problems(problems)));
        }
        let typed = life::Typed::of(&draft);
        let wish = life::Wish { form_id: draft.id.clone(), seen_version: draft.version, typed, application: false };
        let id = life::transmit(self.db, self.actor, self.works, wish, self.now).await?;
        Ok(Outcome::Confirmed { id })
    }
}
