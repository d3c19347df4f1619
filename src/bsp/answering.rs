//! Refund applications: what the airline says to a form that it was asked about, in one transaction with whom it concerns.

use super::coupon_store;
use super::life::{self, NotDone, problem};
use super::model::{Form, Status};
use crate::agencies::store as agencies;
use crate::db::Db;
use crate::journal::{self, Author, Subject};
use crate::kernel::actor::Actor;
use crate::kernel::time::Timestamp;
use crate::notices::model::{Case, CaseKind};
use crate::notices::store as notices;
use crate::web::words::Message;

crate::text_column! {
    /// What the airline says to a refund application.
    pub enum Said { Investigates = "investigates", Authorizes = "authorizes", Rejects = "rejects" }
}

impl Said {
    /// Whether a form is where this answer leads to.
    const fn is_answered_by(self, status: Status) -> bool {
        match self {
            Self::Investigates => matches!(status, Status::UnderInvestigation),
            Self::Authorizes => status.is_sold() || matches!(status, Status::AwaitingRelease),
            Self::Rejects => matches!(status, Status::Rejected),
        }
    }
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
            let form = life::held(conn, &actor, &form_id).await?;
            // The same press again changes nothing.
            if form.version.checked_sub(1) == Some(seen_version) && said.is_answered_by(form.status) {
                return Ok(());
            }
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
                Said::Authorizes => life::sell(conn, form, said.word(), &author, &details, now).await?,
                Said::Investigates => {
                    life::save(conn, &Form { status: Status::UnderInvestigation, ..form }).await?;
                    journal::write(conn, Subject::BspForm, &form_id, said.word(), &author, &details, now).await?;
                }
                Said::Rejects => {
                    coupon_store::free(conn, &form.id).await?;
                    life::save(conn, &Form { status: Status::Rejected, answer_due: None, ..form }).await?;
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
