//! A house to look around in: agencies, users, rates and about 200 orders in every state, made by the real rooms.
//! Every name, number and amount is invented.

use std::fmt::Write as _;
use std::io::Write as _;

use crate::agencies::actions::{self, NewAgency, NewUser};
use crate::agencies::{model::Agency, password};
use crate::bookings::import::{Counts, Import};
use crate::config::Settings;
use crate::db::Db;
use crate::journal::Author;
use crate::kernel::actor::{Actor, Role};
use crate::kernel::id::new_token;
use crate::kernel::language::Language;
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Clock, Timestamp, instant_text, plus_days, plus_hours, utc_day};
use crate::notices;
use crate::rates::{self, Rate};

mod bsp;
mod cases;
mod money;
mod orders;
mod rules;
mod scenes;

/// Why the demo could not be made, in a sentence.
type Complaint = String;

/// Fills an empty database, serves one that was filled before, refuses any other.
///
/// # Errors
/// A sentence that says why not.
pub async fn fill_or_greet(db: &Db, settings: &Settings) -> Result<(), Complaint> {
    let mut conn = db.read().await.map_err(said)?;
    let mark: Option<(String,)> =
        sqlx::query_as("SELECT value FROM secrets WHERE name = 'demo'").fetch_optional(&mut *conn).await.map_err(said)?;
    let (others,): (i64,) = sqlx::query_as("SELECT (SELECT COUNT(*) FROM agencies) + (SELECT COUNT(*) FROM users)")
        .fetch_one(&mut *conn)
        .await
        .map_err(said)?;
    drop(conn);
    match (mark, others) {
        (Some((at,)), _) => {
            println!("The demo of {at} is there already; its sign-ins were printed then.");
            Ok(())
        }
        (None, 0) => fill(db, settings).await,
        (None, _) => {
            Err("--demo refuses this database: it holds agencies or users of its own. Give an empty one with --database".to_owned())
        }
    }
}

fn said(error: impl std::fmt::Display) -> Complaint {
    error.to_string()
}

/// Orders of each agency.
const ORDERS_EACH: u32 = 68;

async fn fill(db: &Db, settings: &Settings) -> Result<(), Complaint> {
    let clock = Clock::System;
    let now = clock.now();
    let mut sign_ins = String::new();
    load_rates(db, now).await?;
    rules::load(db, "demo", now).await?;
    cases::replies(db, "demo", now).await?;
    let secret = crate::app::secret(db).await.map_err(said)?;
    let mut desk = Vec::new();
    for (email, name, role, language) in OPERATORS {
        desk.push(add_user(db, email, name, role, None, language, now, &mut sign_ins).await?);
    }
    for (place, (code, name, currency, users)) in (0u32..).zip(AGENCIES) {
        let credit_line = Money::zero(Currency::parse(currency).map_err(said)?);
        let new = NewAgency { code: code.to_owned(), name: name.to_owned(), credit_line };
        let agency = actions::add_agency(db, new, Author::program(), now).await.map_err(|_| format!("agency {code} was refused"))?;
        let mut own = Vec::new();
        for (email, name, role, language) in users {
            own.push(add_user(db, email, name, role, Some(&agency), language, now, &mut sign_ins).await?);
        }
        import_orders(db, &clock, &agency, place, now).await?;
        scenes::play(db, &settings.limits, &own[0], &desk[2], &agency, now).await?;
        let players = cases::Players { agency: &agency, own: &own[0], agent: &desk[0], finance: &desk[1] };
        cases::play(db, settings, &players, now).await?;
        money::play(db, settings, &players, now).await?;
        bsp::play(db, settings, &secret, (&agency, &own, place), now).await?;
    }
    money::remit(db, &desk[1], now).await?;
    db.write(move |conn| {
        Box::pin(async move {
            notices::store::settle_before(conn, plus_hours(now, -12)).await?;
            let insert = sqlx::query("INSERT INTO secrets (name, value) VALUES ('demo', $1)");
            insert.bind(instant_text(now)).execute(conn).await.map(|_| ())
        })
    })
    .await
    .map_err(|error: sqlx::Error| said(error))?;
    println!("Demo sign-ins, printed only now:\n{sign_ins}");
    std::io::stdout().flush().map_err(said)
}

type DemoUser = (&'static str, &'static str, Role, Language);

const OPERATORS: [DemoUser; 3] = [
    ("wei@operator.example", "Wei", Role::OperatorAgent, Language::Chinese),
    ("mei@operator.example", "Mei", Role::OperatorFinance, Language::English),
    ("sam@operator.example", "Sam", Role::Supervisor, Language::English),
];

const AGENCIES: [(&str, &str, &str, [DemoUser; 3]); 3] = [
    (
        "SUNRIVER",
        "Sunriver Travel",
        "USD",
        [
            ("anna@sunriver.example", "Anna", Role::Admin, Language::English),
            ("ben@sunriver.example", "Ben", Role::CustomerService, Language::English),
            ("cora@sunriver.example", "Cora", Role::Finance, Language::English),
        ],
    ),
    (
        "SAOMAI",
        "Sao Mai Travel",
        "USD",
        [
            ("lan@saomai.example", "Lan", Role::Admin, Language::Vietnamese),
            ("minh@saomai.example", "Minh", Role::CustomerService, Language::Vietnamese),
            ("hoa@saomai.example", "Hoa", Role::Finance, Language::Vietnamese),
        ],
    ),
    (
        "CHENHE",
        "晨河旅行",
        "CNY",
        [
            ("li@chenhe.example", "李静", Role::Admin, Language::Chinese),
            ("wang@chenhe.example", "王磊", Role::Operations, Language::Chinese),
            ("zhao@chenhe.example", "赵敏", Role::Finance, Language::Chinese),
        ],
    ),
];

#[allow(clippy::too_many_arguments, reason = "a row of the table above and where it goes")]
async fn add_user(
    db: &Db,
    email: &str,
    name: &str,
    role: Role,
    agency: Option<&Agency>,
    language: Language,
    now: Timestamp,
    sign_ins: &mut String,
) -> Result<Actor, Complaint> {
    let agency_id = agency.map(|agency| agency.id.clone());
    let new = NewUser { email: email.to_owned(), name: name.to_owned(), role, agency_id, language };
    let refused = |_| format!("user {email} was refused");
    let (user, link) = actions::add_user(db, new, Author::program(), 1, now).await.map_err(refused)?;
    let secret = new_token()[..16].to_owned();
    let hash = password::hash(secret.clone()).await.ok_or("there is no memory for a password hash")?;
    actions::set_password(db, &link.token, hash, now).await.map_err(refused)?;
    let _ = writeln!(sign_ins, "  {email:<26} {secret}   {role}");
    Ok(Actor {
        user_id: user.id,
        email: user.email,
        name: user.name,
        role,
        agency_id: user.agency_id,
        agency_name: agency.map(|agency| agency.name.clone()),
        language,
        zone_name: user.zone_name,
    })
}

/// A rate for each airline currency and day of the last 60, in the currencies that agencies settle in.
async fn load_rates(db: &Db, now: Timestamp) -> Result<(), Complaint> {
    let mut all = Vec::new();
    for days_ago in 0..60 {
        let day = utc_day(plus_days(now, -days_ago));
        for (code, per_dollar) in orders::PER_DOLLAR {
            for (settled, of_dollar) in orders::SETTLED {
                if code != settled {
                    let (from, to) = (Currency::parse(code).map_err(said)?, Currency::parse(settled).map_err(said)?);
                    let rate = (rust_decimal::Decimal::from_str_exact(of_dollar).map_err(said)?
                        / rust_decimal::Decimal::from_str_exact(per_dollar).map_err(said)?)
                    .round_dp(8);
                    all.push(Rate { from, to, day, rate });
                }
            }
        }
    }
    rates::save(db, all).await.map_err(said)
}

async fn import_orders(db: &Db, clock: &Clock, agency: &Agency, place: u32, now: Timestamp) -> Result<(), Complaint> {
    let lines: String = (0..ORDERS_EACH).map(|n| orders::line(place * ORDERS_EACH + n, now) + "\n").collect();
    let mut faults = Vec::new();
    let mut refused = |refused: crate::bookings::import::Refused| faults.push(format!("{}: {}", refused.path, refused.cause));
    let mut import = Import { db, clock, agency_id: &agency.id, counts: Counts::default(), refused: &mut refused, progress: &mut |_| {} };
    import.run(lines.as_bytes()).await.map_err(said)?;
    match faults.first() {
        None => Ok(()),
        Some(fault) => Err(format!("a demo order was refused: {fault}")),
    }
}
