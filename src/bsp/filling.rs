//! Forms that are not kept yet: blank, filled from a ticket, or prepared for each ticket of a file.

use std::collections::HashMap;
use std::time::Duration;

use super::batch_store::{self, BatchRow, BspBatch};
use super::checking;
use super::command::{Code, Journey, Numbering, Tail};
use super::host::{Host, NotDone};
use super::model::{Content, Form, KeptTicket, Sale, Status};
use super::ticket_number::TicketNumber;
use super::ticket_store::Found;
use crate::kernel::id::new_id;
use crate::kernel::money::Money;
use crate::refund_calculation::refund_form::FIXED_POINTS;

impl Host<'_> {
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
        self.check_device(tail.device)?;
        if let Numbering::Given(wanted) = &numbering
            && self.form(wanted).await?.is_some()
        {
            return Err(Code::RefundExists.into());
        }
        let deadline = Duration::from_millis(self.limits.ticket_source_ms);
        if deadline.is_zero() {
            return Err(Code::TimeOut.into());
        }
        let asked = tokio::time::timeout(deadline, self.source.ticket(&self.seat.office.agency_id, number)).await;
        let kept = match asked.map_err(|_| Code::TimeOut)?? {
            Found::Unrecognised => return Err(Code::FillManually.into()),
            Found::Absent => return Err(Code::LoadingFailed.into()),
            Found::Ticket(kept) => *kept,
        };
        if kept.office_id != self.seat.office.id {
            return Err(Code::Authority.into());
        }
        if kept.ticket.sale == Sale::Void || !checking::is_within_window(&kept.ticket, &self.seat.office.zone_name, &self.terms, self.now) {
            return Err(Code::LoadingFailed.into());
        }
        Ok(Form { batch_id, ..self.filled(kept, numbering, tail) })
    }

    /// A form that is filled in by hand.
    pub(super) fn blank(&self, numbering: Numbering, tail: Tail) -> Form {
        let zero = Money::zero(self.seat.office.currency);
        Form {
            id: new_id(),
            agency_id: self.seat.office.agency_id.clone(),
            office_id: self.seat.office.id.clone(),
            office: self.seat.office.code.clone(),
            iata_number: self.seat.office.iata_number.clone(),
            device: tail.device,
            agent: self.seat.agent.clone(),
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

    /// Prepares a form for each ticket number of a file; none of them is transmitted.
    ///
    /// # Errors
    /// The database's own. What the host answers to a row stands with the row.
    pub async fn prepare_many(&self, file_name: String, journey: Journey, texts: Vec<(i64, String)>) -> Result<String, sqlx::Error> {
        let (batch_id, tail) = (new_id(), Tail { device: 1, journey });
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
        let office = &self.seat.office;
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
}
