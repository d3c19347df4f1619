//! The demo's money: top-ups, a file of claims to be looked at and confirmed, the airlines' payments to be matched, and
//! statements of the months before.

use std::fmt::Write as _;

use super::cases::{self, Players};
use super::{Complaint, said};
use crate::attachments::upload::keep_sheet;
use crate::batches::actions as batches;
use crate::batches::model::BatchKind;
use crate::config::Settings;
use crate::db::Db;
use crate::kernel::actor::Actor;
use crate::kernel::id::{digest, new_id, new_token};
use crate::kernel::money::Money;
use crate::kernel::time::{Timestamp, plus_days, utc_day};
use crate::queue::store as queue;
use crate::queue::view::{View, ViewPage};
use crate::refunds::model::Reason;
use crate::remittances::drafts::{self, Draft};
use crate::remittances::importing::{self, Said};
use crate::remittances::mapping::Mapping;
use crate::spreadsheets::cell::{Cell, Row, Table};
use crate::spreadsheets::uploaded::digest_of;
use crate::statements::settings;
use crate::top_ups::actions as top_ups;

/// Days since when the demo's agencies are there.
const OPEN_DAYS: i64 = 62;

/// One agency's money.
///
/// # Errors
/// A sentence about what could not be made.
pub(super) async fn play(db: &Db, house: &Settings, players: &Players<'_>, now: Timestamp) -> Result<(), Complaint> {
    let (agency, own) = (players.agency, players.own);
    let amount = |minor: i64| Money::new(minor, agency.currency);
    let transfers = [(45, 500_000, Some(498_500)), (1, 250_000, None)];
    for (days_ago, minor, received) in transfers {
        let at = plus_days(now, -days_ago);
        let proof = cases::proof(db, house, own, at).await?;
        let declared = top_ups::Declared {
            amount: amount(minor),
            paid_on: utc_day(at),
            reference: format!("WIRE {}", &new_token()[..8].to_uppercase()),
            proof: vec![proof],
        };
        let number = top_ups::declare(db, own.clone(), declared, new_token(), at).await.map_err(|error| format!("{error:?}"))?;
        if let Some(received) = received {
            let actor = players.finance.clone();
            let decision = top_ups::Decision { actor, number, seen_version: 1, received: Some(amount(received)), note: None };
            top_ups::decide(db, decision, plus_days(at, 1)).await.map_err(|error| format!("{error:?}"))?;
        }
    }
    let begun = plus_days(now, -OPEN_DAYS);
    let chosen = settings::Settings { language: own.language, ..settings::usual(&agency.id, begun) };
    db.write(move |conn| Box::pin(async move { settings::save(conn, &chosen).await })).await.map_err(|error: sqlx::Error| said(error))?;
    claims(db, house, own, now).await
}

/// A file of claims as people fill it in: most of it right, the rest wrong in every way that happens.
async fn claims(db: &Db, house: &Settings, own: &Actor, now: Timestamp) -> Result<(), Complaint> {
    let free = cases::free(db, own, now).await?;
    let mut text = String::from("order_no,passengers,reason,fulfilled_on,expected_amount,remark\n");
    for (nth, kept) in free.iter().rev().take(6).enumerate() {
        let _ = writeln!(text, "{},,,,,our file {}", kept.booking.order_no, nth + 1);
    }
    let first = free.last().map(|kept| kept.booking.order_no.clone()).unwrap_or_default();
    let _ = write!(text, "{first},,,,,again\n1.23457E+18,,,,,from Excel\nSKLA20260101000000000,,,,,mistyped\n");
    let bytes = text.into_bytes();
    let beginning = batches::Beginning {
        actor: own.clone(),
        kind: BatchKind::Claims,
        file_digest: digest_of(&bytes),
        file_name: format!("claims-{}.csv", utc_day(now)),
        stored_as: keep_sheet(&house.files, &bytes).await.map_err(said)?,
        encoding: None,
        reason: Some(Reason::Voluntary),
        fulfilled_on: Some(utc_day(plus_days(now, -2))),
        proof: vec![cases::proof(db, house, own, now).await?],
        once_key: new_token(),
    };
    batches::begin(db, beginning, now).await.map(|_| ()).map_err(|error| format!("{error:?}"))
}

/// A payment file of the airlines: some of it exact, some short, some over, some of nobody knows whom.
///
/// # Errors
/// A sentence about what could not be made.
pub(super) async fn remit(db: &Db, finance: &Actor, now: Timestamp) -> Result<(), Complaint> {
    let mut conn = db.read().await.map_err(said)?;
    let page = |view| ViewPage { view, user_id: &finance.user_id, now, after: None, limit: 40 };
    let mut waiting = queue::lines(&mut conn, &page(View::WaitingForAirline)).await.map_err(said)?;
    waiting.extend(queue::lines(&mut conn, &page(View::AirlineRefunding)).await.map_err(said)?);
    drop(conn);
    let day = utc_day(plus_days(now, -1)).to_string();
    let header = ["Value date", "Booking number", "PNR", "Passenger name", "Amount", "Currency"].map(str::to_owned).to_vec();
    let mut rows: Vec<Row> = Vec::new();
    let mut add = |order: &str, pnr: &str, name: &str, amount: Money| {
        let cells = [day.as_str(), order, pnr, name, &amount.decimal().to_string(), amount.currency.code()];
        let line = i64::try_from(rows.len()).unwrap_or(0) + 2;
        rows.push(Row { line, cells: cells.iter().map(|text| Cell::text(text)).collect() });
    };
    let paid = waiting.iter().filter_map(|line| line.estimated.filter(|amount| amount.minor > 5_000).map(|amount| (line, amount)));
    for (nth, (line, amount)) in paid.take(9).enumerate() {
        let other = |minor: i64| Money::new(amount.minor + minor, amount.currency);
        match nth {
            6 => add(&line.order_no, "", "", other(-2_000)),
            7 => add("", &line.airline_pnr, "", other(3_000)),
            _ if nth % 2 == 0 => add(&line.order_no, "", "", amount),
            _ => add("", &line.airline_pnr, "", amount),
        }
    }
    add("", "ZZTOP9", "NGUYEN/VAN AN", Money::new(12_345, crate::kernel::money::Currency::USD));
    let table = Table { header, rows };
    let draft = Draft {
        id: new_id(),
        source_name: "Settlement bank".to_owned(),
        file_name: format!("payments-{day}.csv"),
        file_digest: digest(&format!("{table:?}")),
        mapping: Mapping::guess(&table.header),
        table,
        created_by: finance.user_id.clone(),
    };
    let (id, mapping, kept) = (draft.id.clone(), draft.mapping.clone(), draft);
    db.write(move |conn| Box::pin(async move { drafts::insert(conn, &kept, now).await }))
        .await
        .map_err(|error: sqlx::Error| said(error))?;
    importing::import(db, finance.clone(), id, Said { mapping, ..Said::default() }, now)
        .await
        .map(|_| ())
        .map_err(|error| format!("{error:?}"))
}
