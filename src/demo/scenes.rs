//! Refunds of the demo, led by the real actions to every state they can have.

use crate::agencies::model::Agency;
use crate::bookings::filters::Search;
use crate::bookings::model::{PaymentChannel, Status};
use crate::bookings::{list_store, store as bookings};
use crate::config::Limits;
use crate::db::Db;
use crate::kernel::actor::Actor;
use crate::kernel::id::new_token;
use crate::kernel::money::Money;
use crate::kernel::time::{Timestamp, plus_days, plus_hours, utc_day};
use crate::refunds::desk_actions::{self, Order};
use crate::refunds::model::{Difference, Reason, Refund, RefusalCode};
use crate::refunds::quoting::{self, Asked};
use crate::refunds::selection::Selection;
use crate::refunds::state::Verb;
use crate::refunds::submitting::{self, Outcome, Submission};
use crate::web::plenty::Plenty;

/// How far a scene goes, and when it began.
#[derive(Debug, Clone, Copy)]
enum Scene {
    Registered { hours_ago: i64 },
    AtAirline { days_ago: i64 },
    AirlinePaying { days_ago: i64 },
    MoneyHere { days_ago: i64 },
    Credited { days_ago: i64, less: i64 },
    Refused { days_ago: i64, code: &'static str },
    Fulfilled { days_ago: i64 },
}

const DEPOSIT_SCENES: [Scene; 14] = [
    Scene::Registered { hours_ago: 1 },
    Scene::Registered { hours_ago: 3 },
    Scene::Registered { hours_ago: 6 },
    Scene::AtAirline { days_ago: 2 },
    Scene::AtAirline { days_ago: 9 },
    Scene::AtAirline { days_ago: 24 },
    Scene::AirlinePaying { days_ago: 6 },
    Scene::AirlinePaying { days_ago: 16 },
    Scene::MoneyHere { days_ago: 11 },
    Scene::Credited { days_ago: 22, less: 0 },
    Scene::Credited { days_ago: 26, less: 0 },
    Scene::Credited { days_ago: 20, less: 250 },
    Scene::Refused { days_ago: 5, code: "2" },
    Scene::Refused { days_ago: 12, code: "13" },
];

const VCC_SCENES: [Scene; 3] = [Scene::Registered { hours_ago: 2 }, Scene::AtAirline { days_ago: 4 }, Scene::Fulfilled { days_ago: 15 }];

/// Plays every scene once, on the agency's orders in turn.
///
/// # Errors
/// A sentence about what could not be played.
pub async fn play(db: &Db, limits: &Limits, agent: &Actor, supervisor: &Actor, agency: &Agency, now: Timestamp) -> Result<(), String> {
    for (channel, scenes) in [(PaymentChannel::Deposit, DEPOSIT_SCENES.as_slice()), (PaymentChannel::Vcc, VCC_SCENES.as_slice())] {
        let search = Search { status: Some(Status::Ticketed), channel: Some(channel), ..Search::default() };
        let mut conn = db.read().await.map_err(|error| error.to_string())?;
        let lines =
            list_store::list(&mut conn, &agent.scope(), &search, 200, &Plenty::default(), now).await.map_err(|error| error.to_string())?;
        drop(conn);
        let mut waiting = scenes.iter();
        let mut scene = waiting.next();
        // An order that cannot be refunded at the scene's time (non-refundable, too young) leaves it to the next one.
        for line in lines.into_iter().filter(|line| !line.has_refund) {
            let Some(now_played) = scene else { break };
            let began = began(*now_played, now);
            if line.created_at < began && play_one(db, limits, agent, supervisor, &line.order_no, *now_played, now).await {
                scene = waiting.next();
            }
        }
        if let Some(left) = scene {
            tracing::debug!(?left, agency = agency.code, "not every demo scene found an order");
        }
    }
    Ok(())
}

fn began(scene: Scene, now: Timestamp) -> Timestamp {
    match scene {
        Scene::Registered { hours_ago } => plus_hours(now, -hours_ago),
        Scene::AtAirline { days_ago }
        | Scene::AirlinePaying { days_ago }
        | Scene::MoneyHere { days_ago }
        | Scene::Credited { days_ago, .. }
        | Scene::Refused { days_ago, .. }
        | Scene::Fulfilled { days_ago } => plus_days(now, -days_ago),
    }
}

/// Whether the scene could be played on this order.
async fn play_one(db: &Db, limits: &Limits, agent: &Actor, supervisor: &Actor, order_no: &str, scene: Scene, now: Timestamp) -> bool {
    let began = began(scene, now);
    let Some(number) = submit(db, limits, agent, supervisor, order_no, began).await else { return false };
    let Ok(mut conn) = db.read().await else { return false };
    let Ok(Some(refund)) = crate::refunds::store::find(&mut conn, &agent.scope(), &number).await else { return false };
    drop(conn);
    for (verb, at) in verbs(scene, &refund, began) {
        let seen_version = version(db, agent, &number).await;
        let order = Order { actor: supervisor.clone(), number: number.clone(), seen_version, once_key: new_token(), verb };
        if let Err(error) = desk_actions::perform(db, order, at).await {
            tracing::error!(?error, number, "a demo scene broke off");
            return true;
        }
    }
    true
}

async fn version(db: &Db, agent: &Actor, number: &str) -> i64 {
    let Ok(mut conn) = db.read().await else { return 0 };
    let found = crate::refunds::store::find(&mut conn, &agent.scope(), number).await;
    found.ok().flatten().map_or(0, |refund| refund.version)
}

async fn submit(db: &Db, limits: &Limits, agent: &Actor, supervisor: &Actor, order_no: &str, at: Timestamp) -> Option<String> {
    let mut conn = db.read().await.ok()?;
    let kept = bookings::find(&mut conn, &agent.scope(), order_no).await.ok()??;
    drop(conn);
    let selection = Selection {
        passengers: kept.booking.passengers.iter().map(|passenger| passenger.no).collect(),
        segments: kept.booking.segments.iter().map(|segment| segment.no).collect(),
        reason: if order_no.ends_with('7') { Reason::Involuntary } else { Reason::Voluntary },
    };
    if selection.reason == Reason::Involuntary {
        super::cases::cancel(db, &kept, supervisor, at).await.ok()?;
    }
    let asked = Asked { scope: agent.scope(), user_id: agent.user_id.clone(), order_no: order_no.to_owned(), selection };
    let quote = quoting::quote(db, asked, limits, at).await.ok()?;
    let submission =
        Submission { actor: agent.clone(), order_no: order_no.to_owned(), quote_id: quote.id, once_key: new_token(), proof: Vec::new() };
    match submitting::submit(db, submission, limits, at).await.ok()? {
        Outcome::Submitted(number) => Some(number),
        Outcome::QuotedAnew(_) => None,
    }
}

fn verbs(scene: Scene, refund: &Refund, began: Timestamp) -> Vec<(Verb, Timestamp)> {
    let amount = refund.estimated.unwrap_or(refund.original);
    let submit = (Verb::Submit { reference: Some(format!("R-{}", &refund.number[7..])), follow_up_after_days: 21 }, plus_hours(began, 2));
    let expected_on = Some(utc_day(plus_days(began, 12)));
    let confirm = (Verb::Confirm { amount, expected_on, by_money: false }, plus_days(began, 4));
    let receive = |less: i64| {
        let difference = (less > 0).then_some(Difference::BankCharges);
        let came = Money::new(amount.minor - less, amount.currency);
        let on = utc_day(plus_days(began, 10));
        (Verb::Receive { amount: came, on, reference: Some("BATCH-17".to_owned()), difference, from_lines: false }, plus_days(began, 10))
    };
    let refuse = |code: &str| {
        let code = RefusalCode::parse(code).unwrap_or(RefusalCode::BELOW_SERVICE_FEE);
        (Verb::Refuse { code, note: None }, plus_days(began, 3))
    };
    match scene {
        Scene::Registered { .. } => Vec::new(),
        Scene::AtAirline { .. } => vec![submit],
        Scene::AirlinePaying { .. } => vec![submit, confirm],
        Scene::MoneyHere { .. } => vec![submit, confirm, receive(0)],
        Scene::Credited { less, .. } => vec![submit, confirm, receive(less), (Verb::Credit, plus_days(began, 11))],
        Scene::Refused { code, .. } => vec![submit, refuse(code)],
        Scene::Fulfilled { .. } => vec![submit, (Verb::Fulfil, plus_days(began, 9))],
    }
}
