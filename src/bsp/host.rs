//! What a command line does: the same from the page and from the program's own command line.

use super::command::{self, Code, Command, Numbering, Tail, View};
use super::model::{Form, Seat, Status};
use super::ticket_number::TicketNumber;
use super::ticket_store::TicketSource;
use super::transmitting::{self, Terms, Wish};
use super::typed::Typed;
use super::{form_store, life, office_store};
use crate::config::Limits;
use crate::db::Db;
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::Actor;
use crate::kernel::time::{Date, Timestamp, day_in};
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

/// Somebody at a seat of an office.
pub struct Host<'a> {
    pub db: &'a Db,
    pub source: &'a dyn TicketSource,
    pub limits: &'a Limits,
    pub terms: Terms,
    pub actor: &'a Actor,
    pub seat: Seat,
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
        day_in(&self.seat.office.zone_name, self.now)
    }

    async fn carry_out(&self, command: Command) -> Result<Outcome, NotDone> {
        match command {
            Command::Load { ticket, numbering, view, tail } => self.load(&ticket, numbering, view, tail).await,
            Command::Preview { ticket, tail } => {
                if !self.left().await?.is_empty() {
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
                let form = form_store::of_ticket(&mut conn, &self.seat.office.agency_id, ticket.digits()).await?;
                drop(conn);
                self.shown(form.filter(|form| form.office_id == self.seat.office.id), view).await
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
                self.check_device(device.unwrap_or(1))?;
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

    pub(super) fn check_device(&self, device: i64) -> Result<(), Code> {
        if (1..=self.seat.office.devices).contains(&device) { Ok(()) } else { Err(Code::Device) }
    }

    pub(super) async fn form(&self, number: &str) -> Result<Option<Form>, sqlx::Error> {
        form_store::of_number(&mut *self.db.read().await?, &self.seat.office.id, number).await
    }

    /// The forms with `+1C` that this person began and left.
    async fn left(&self) -> Result<Vec<Form>, sqlx::Error> {
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
        self.check_device(tail.device)?;
        if !self.left().await?.is_empty() {
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
        if !left.is_empty() && (numbering != Numbering::Automatic || view != View::Mask) {
            return Err(Code::StandardEntry.into());
        }
        let form = self.prepare(number, numbering, tail, None).await?;
        let id = form.id.clone();
        self.begin(form, left).await?;
        Ok(Outcome::Form { id, view })
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

    async fn confirm(&self, ticket: &TicketNumber) -> Result<Outcome, NotDone> {
        let mut conn = self.db.read().await?;
        let draft = form_store::draft_of(&mut conn, &self.seat.office.agency_id, &self.actor.user_id, ticket.digits()).await?;
        drop(conn);
        let draft = draft.filter(|form| form.office_id == self.seat.office.id).ok_or(Code::NoRecord)?;
        if draft.gross.minor == 0 {
            let mut problems = Problems::default();
            problems.add("gross", "bsp-partly-used");
            return Err(NotDone::Form(life::NotDone::Problems(problems)));
        }
        let typed = Typed::of(&draft);
        let wish = Wish { form_id: draft.id.clone(), seen_version: draft.version, typed, application: false };
        let id = transmitting::transmit(self.db, self.actor, &self.terms, wish, self.now).await?;
        Ok(Outcome::Confirmed { id })
    }
}
