//! The notification documents of the operator's programs: `order.schedulechange`, `email.schedulechange` and
//! `abnormal.cancelled`. Unknown fields are ignored; what is missing is named with its path.

use serde::Deserialize;

use super::model::{IncidentKind, Leg, Told};
use crate::bookings::document::Code;
use crate::bookings::parse::Fault;
use crate::kernel::airport;
use crate::kernel::id::digest;
use crate::kernel::time::DateTime;

/// A notification, read and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The sender's number; without one, a digest of its very words, so that the same again is known too.
    pub id: String,
    pub order_no: String,
    pub kind: IncidentKind,
    pub told: Told,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    notification_id: Option<String>,
    r#type: String,
    data: Data,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    order_no: String,
    schedule_change_type: Option<Code>,
    previous_segs: Option<Vec<Seg>>,
    revised_segs: Option<Vec<Seg>>,
    original_segs: Option<Vec<Seg>>,
    email_subject: Option<String>,
    vendor_refund_information: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Seg {
    flight_number: String,
    dep_airport: String,
    dep_time: String,
    arr_airport: String,
    arr_time: String,
}

const MAX_LEGS: usize = 16;
const MAX_TEXT: usize = 500;

/// Reads one notification.
///
/// # Errors
/// The first fault.
pub fn read(text: &str) -> Result<Notification, Fault> {
    let mut json = serde_json::Deserializer::from_str(text);
    let document: Document = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        fault(if path == "." { "" } else { &path }, error.into_inner())
    })?;
    if text.contains("\\u0000") {
        return Err(fault("", "the notification contains a NUL character"));
    }
    let kind = document.r#type.parse::<IncidentKind>().map_err(|error| fault("type", error))?;
    let data = document.data;
    let legs = |segs: Option<Vec<Seg>>, name: &str| {
        let segs = segs.unwrap_or_default();
        if segs.len() > MAX_LEGS {
            return Err(fault(&format!("data.{name}"), format!("more than {MAX_LEGS} flights")));
        }
        segs.into_iter().enumerate().map(|(place, seg)| leg(seg, &format!("data.{name}[{place}]"))).collect::<Result<Vec<_>, _>>()
    };
    let told = Told {
        previous: legs(data.previous_segs, "previousSegs")?,
        revised: legs(data.revised_segs, "revisedSegs")?,
        original: legs(data.original_segs, "originalSegs")?,
        is_cancellation: kind == IncidentKind::AbnormalCancelled || data.schedule_change_type.is_some_and(|code| code.0 == "2"),
        email_subject: short(data.email_subject, "data.emailSubject")?,
        refund_information: short(data.vendor_refund_information, "data.vendorRefundInformation")?,
        carrier_cause: None,
    };
    if kind == IncidentKind::OrderScheduleChange && told.revised.is_empty() && !told.is_cancellation {
        return Err(fault("data.revisedSegs", "is empty, but scheduleChangeType is not 2 (flight cancelled)"));
    }
    if data.order_no.trim().is_empty() {
        return Err(fault("data.orderNo", "is empty"));
    }
    let id = short(document.notification_id, "notificationId")?.unwrap_or_else(|| format!("sha256:{}", digest(text.trim())));
    Ok(Notification { id, order_no: data.order_no.trim().to_owned(), kind, told })
}

fn fault(path: &str, cause: impl ToString) -> Fault {
    Fault { path: path.to_owned(), cause: cause.to_string() }
}

fn short(text: Option<String>, path: &str) -> Result<Option<String>, Fault> {
    match text.filter(|text| !text.is_empty()) {
        Some(text) if text.chars().count() > MAX_TEXT => Err(fault(path, format!("is longer than {MAX_TEXT} characters"))),
        text => Ok(text),
    }
}

fn leg(seg: Seg, path: &str) -> Result<Leg, Fault> {
    let airport = |code: &str, field: &str| {
        let code = code.trim().to_ascii_uppercase();
        if airport::find(&code).is_some() {
            Ok(code)
        } else {
            Err(fault(&format!("{path}.{field}"), format!("“{code}” is not a known airport")))
        }
    };
    Ok(Leg {
        flight_number: seg.flight_number.trim().chars().take(10).collect(),
        departure_airport: airport(&seg.dep_airport, "depAirport")?,
        departure_local: time(&seg.dep_time).ok_or_else(|| fault(&format!("{path}.depTime"), not_a_time(&seg.dep_time)))?,
        arrival_airport: airport(&seg.arr_airport, "arrAirport")?,
        arrival_local: time(&seg.arr_time).ok_or_else(|| fault(&format!("{path}.arrTime"), not_a_time(&seg.arr_time)))?,
    })
}

fn not_a_time(text: &str) -> String {
    format!("“{text}” is not a time such as 2026-12-09 13:25:00")
}

/// The three ways in which times are written: `2026-12-09 13:25:00`, `202612091325` and `2026-12-09T13:25`.
pub fn time(text: &str) -> Option<DateTime> {
    let text = text.trim();
    ["%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"].iter().find_map(|form| DateTime::strptime(form, text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANGE: &str = r#"{"cid":"X","notificationId":"N1","status":0,"type":"order.schedulechange","data":{"orderNo":"ATXFQ20230720193244809",
        "scheduleChangeType":1,"previousSegs":[{"flightNumber":"VJ877","depAirport":"HKG","depTime":"2026-12-24 19:50:00","arrAirport":"SGN",
        "arrTime":"2026-12-24 21:30:00","carrier":"VJ","direction":1}],"revisedSegs":[{"flightNumber":"VJ877","depAirport":"HKG",
        "depTime":"202612242250","arrAirport":"SGN","arrTime":"202612250030"}],"originalSegs":null}}"#;

    #[test]
    fn a_notification_is_read_and_its_faults_are_named() {
        let read_good = read(CHANGE).map(|found| (found.kind, found.told.previous.len(), found.told.revised[0].departure_local.hour()));
        assert_eq!(read_good, Ok((IncidentKind::OrderScheduleChange, 1, 22)));
        for (from, to, path) in [
            ("\"HKG\",\"depTime\":\"2026", "\"XXX\",\"depTime\":\"2026", "data.previousSegs[0].depAirport"),
            ("202612242250", "tomorrow", "data.revisedSegs[0].depTime"),
            ("order.schedulechange", "order.paid", "type"),
            ("\"ATXFQ20230720193244809\"", "null", "data.orderNo"),
        ] {
            assert!(CHANGE.contains(from), "{from}");
            assert_eq!(read(&CHANGE.replace(from, to)).err().map(|fault| fault.path), Some(path.to_owned()), "{to}");
        }
    }
}
