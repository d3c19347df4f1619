//! A notice, who gets it, and when it is mailed.

use crate::kernel::time::{Timestamp, plus_days};
use crate::web::words::Message;

crate::text_column! {
    /// The kind of case that a notice is about.
    pub enum CaseKind { Refund = "refund", Request = "request", Incident = "incident", Compensation = "compensation", Batch = "batch", Remittance = "remittance", TopUp = "top-up", Balance = "balance", BspForm = "bsp-form" }
}

crate::text_column! {
    /// How somebody wants to be told by e-mail.
    pub enum MailWish { Each = "each", Daily = "daily", Off = "off" }
}

crate::text_column! {
    /// Where a notice stands on its way by e-mail.
    pub enum MailState { None = "none", Waiting = "waiting", Sending = "sending", Sent = "sent", Failed = "failed" }
}

crate::named!(CaseKind = "case-kind", MailWish = "mail-wish");

/// Somebody who is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    pub user_id: String,
    pub zone_name: String,
    pub mail: MailWish,
}

/// The case that a notice is about, as people know it, and where it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub kind: CaseKind,
    pub id: String,
    pub no: String,
    pub order_no: String,
}

impl Case {
    /// The case's own page.
    #[must_use]
    pub fn path(&self) -> String {
        match self.kind {
            CaseKind::Refund => format!("/refunds/{}", self.no),
            CaseKind::Request => format!("/requests/{}", self.no),
            CaseKind::Incident => format!("/bookings/{}/incidents", self.order_no),
            CaseKind::Compensation => "/finance/compensations".to_owned(),
            CaseKind::Batch => format!("/batches/{}", self.no),
            CaseKind::Remittance => format!("/finance/remittances/{}", self.no),
            CaseKind::TopUp => "/finance/top-ups".to_owned(),
            CaseKind::Balance => "/finance/transactions".to_owned(),
            CaseKind::BspForm => format!("/bsp/forms/{}", self.id),
        }
    }
}

/// What is said: the first sentence is what happened, those after it what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub id: String,
    pub user_id: String,
    pub case: Case,
    pub sentences: Vec<Message>,
    pub at: Timestamp,
    pub is_read: bool,
    /// How often it was tried to mail it.
    pub mail_attempts: i64,
}

/// The hour, in the recipient's zone, at which a daily digest goes out.
pub const DIGEST_HOUR: i8 = 8;

impl Recipient {
    /// When a notice of now is mailed to this person, if at all.
    #[must_use]
    pub fn mailed_at(&self, now: Timestamp) -> Option<Timestamp> {
        match self.mail {
            MailWish::Each => Some(now),
            MailWish::Off => None,
            MailWish::Daily => Some(self.next_digest(now)),
        }
    }

    fn next_digest(&self, now: Timestamp) -> Timestamp {
        let zone = jiff::tz::TimeZone::get(&self.zone_name).unwrap_or(jiff::tz::TimeZone::UTC);
        let today = now.to_zoned(zone.clone()).date();
        let of = |day: crate::kernel::time::Date| day.at(DIGEST_HOUR, 0, 0, 0).to_zoned(zone.clone()).map(|zoned| zoned.timestamp());
        let days = [Ok(today), today.tomorrow()];
        let next = days.into_iter().flatten().filter_map(|day| of(day).ok()).find(|at| *at > now);
        next.unwrap_or_else(|| plus_days(now, 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_waits_for_the_next_morning_of_its_reader() {
        let reader = |zone: &str| Recipient { user_id: String::new(), zone_name: zone.to_owned(), mail: MailWish::Daily };
        let at = |text: &str| text.parse::<Timestamp>().ok();
        let cases = [
            ("Asia/Shanghai", "2026-11-20T09:00:00Z", "2026-11-21T00:00:00Z"),
            ("Asia/Shanghai", "2026-11-19T23:59:59Z", "2026-11-20T00:00:00Z"),
            ("Asia/Shanghai", "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"),
            ("Europe/London", "2026-07-01T06:30:00Z", "2026-07-01T07:00:00Z"),
        ];
        for (zone, now, next) in cases {
            let now = at(now).unwrap_or_default();
            assert_eq!(reader(zone).mailed_at(now), at(next), "{zone} {now}");
        }
    }
}
