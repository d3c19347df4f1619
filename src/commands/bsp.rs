//! Commands about BSP: offices and who sits there, ticket records, and the command line itself.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Done, Refused, input, open};
use crate::agencies::model::{Refusal, parse_code, parse_email};
use crate::agencies::store as agencies;
use crate::app;
use crate::bsp::host::{Host, NotDone, Outcome};
use crate::bsp::life;
use crate::bsp::model::{Form, Office, Seat};
use crate::bsp::report::{self, Report};
use crate::bsp::ticket_import::{Counts, Import};
use crate::bsp::transmitting::Terms;
use crate::bsp::{command, form_store, office_actions, office_store};
use crate::config::{DatabaseSettings, Limits};
use crate::journal::Author;
use crate::kernel::actor::{Actor, Scope};
use crate::kernel::id::new_id;
use crate::kernel::language::Language;
use crate::kernel::money::Currency;
use crate::kernel::time::Clock;
use crate::refund_calculation::sealed::SealKey;
use crate::web::words::Named;

#[derive(Debug, Subcommand)]
pub(super) enum OfficeCommand {
    /// Add an office that reports to BSP
    Add {
        /// Its code, such as SHA999
        code: String,
        /// Code of its agency
        #[arg(long, value_name = "CODE")]
        agency: String,
        /// Its IATA number, eight digits
        #[arg(long, value_name = "NUMBER")]
        iata: String,
        /// The currency in which it reports
        #[arg(long, default_value = "CNY")]
        currency: Currency,
        /// The zone in which its sales day begins and ends
        #[arg(long, default_value = "Asia/Shanghai", value_name = "ZONE")]
        zone: String,
        /// How many printers it has
        #[arg(long, default_value_t = 1, value_name = "COUNT", value_parser = clap::value_parser!(i64).range(1..=99))]
        devices: i64,
        /// A second person releases each refund form
        #[arg(long)]
        four_eyes: bool,
        #[command(flatten)]
        database: DatabaseSettings,
    },
    /// Seat somebody in an office
    Agent {
        /// Code of the office
        office: String,
        /// Under which sign they work
        agent: String,
        /// Who
        #[arg(long, value_name = "EMAIL")]
        user: String,
        #[command(flatten)]
        database: DatabaseSettings,
    },
}

/// One command of the BSP command line.
#[derive(Debug, Args)]
pub(super) struct BspArgs {
    /// Such as "TRFD:L/784-5805431488/A/1/D"
    command: String,
    /// Code of the office
    #[arg(long, value_name = "CODE")]
    office: String,
    /// The sign under which one works there
    #[arg(long, value_name = "SIGN")]
    agent: String,
    #[command(flatten)]
    limits: Box<Limits>,
    #[command(flatten)]
    database: DatabaseSettings,
}

fn english(message: impl Into<crate::web::words::Message>) -> String {
    message.into().say(Language::English)
}

pub(super) async fn office(command: OfficeCommand) -> Done {
    match command {
        OfficeCommand::Add { code, agency, iata, currency, zone, devices, four_eyes, database } => {
            let code = code.trim().to_uppercase();
            if !(3..=10).contains(&code.len()) || !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Err(Refused(format!("{code} is not an office: letters and digits, such as SHA999")));
            }
            if iata.len() != 8 || !iata.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(Refused(format!("{iata} is not an IATA number: eight digits")));
            }
            if jiff::tz::TimeZone::get(&zone).is_err() {
                return Err(Refused(format!("{zone} is not a zone, such as Asia/Shanghai")));
            }
            let db = open(&database).await?;
            let agency_code = parse_code(&agency).map_err(english)?;
            let found = agencies::agency(&mut *db.read().await?, &agency_code).await?;
            let agency = found.ok_or_else(|| english(Refusal::UnknownAgency(agency_code).message()))?;
            let new = Office { id: new_id(), agency_id: agency.id, code, iata_number: iata, currency, zone_name: zone, devices, four_eyes };
            let added = office_actions::add(&db, new.clone(), &Author::program(), Clock::System.now()).await;
            added.map_err(|error| not_done(error, String::new()))?;
            println!("{} of {} added", new.code, agency.code);
            Ok(())
        }
        OfficeCommand::Agent { office, agent, user, database } => {
            let db = open(&database).await?;
            let email = parse_email(&user).map_err(english)?;
            let sign = office_actions::parse_sign(&agent).map_err(english)?;
            let mut conn = db.read().await?;
            let office = the_office(&mut conn, &office).await?;
            let nobody = || format!("{email} is nobody of that agency who may ask for refunds");
            let user = agencies::user_by_email(&mut conn, &email).await?.ok_or_else(nobody)?;
            drop(conn);
            let (name, code) = (user.name, office.code.clone());
            let seated = office_actions::seat(&db, office, user.id, &sign, &Author::program(), Clock::System.now()).await;
            seated.map_err(|error| not_done(error, nobody()))?;
            println!("{name} works as {sign} in {code}");
            Ok(())
        }
    }
}

/// What is said of something that was not done with an office; `nobody` where it was about somebody.
fn not_done(error: office_actions::NotDone, nobody: String) -> Refused {
    match error {
        office_actions::NotDone::Nobody => Refused(nobody),
        office_actions::NotDone::Refused(message) => Refused(english(message)),
        office_actions::NotDone::Database(error) => error.into(),
    }
}

async fn the_office(conn: &mut crate::db::Conn, code: &str) -> Result<Office, Refused> {
    let code = code.trim().to_uppercase();
    let found = office_store::office(conn, &code).await?;
    found.ok_or_else(|| Refused(format!("there is no office {code}: add it with `afterfare office add`")))
}

pub(super) async fn tickets(files: &[PathBuf], database: &DatabaseSettings) -> Done {
    let db = open(database).await?;
    let key = SealKey::of(&app::secret(&db).await?);
    let mut all = Counts::default();
    for file in files {
        let name = file.display().to_string();
        let mut refused = |line: u64, field: &str, cause: &str| {
            let field = if field.is_empty() { String::new() } else { format!(" {field}:") };
            eprintln!("{name}:{line}:{field} {cause}");
        };
        let now = Clock::System.now();
        let mut import = Import { db: &db, key: key.clone(), now, counts: Counts::default(), refused: &mut refused };
        let is_csv = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
        let read = if is_csv { import.csv(input(file)?).await } else { import.json(input(file)?).await };
        let counts = import.counts;
        all.added += counts.added;
        all.updated += counts.updated;
        all.unchanged += counts.unchanged;
        all.refused += counts.refused;
        read.map_err(|error| format!("{name}: {error}. Already in: {}", all.added + all.updated))?;
    }
    println!("{} added, {} updated, {} unchanged, {} refused", all.added, all.updated, all.unchanged, all.refused);
    db.close().await;
    if all.refused > 0 { Err(Refused(format!("{} records were refused; the others are in", all.refused))) } else { Ok(()) }
}

pub(super) async fn line(args: BspArgs) -> Done {
    let db = open(&args.database).await?;
    let terms = Terms::new(&args.limits, &app::secret(&db).await?);
    let mut conn = db.read().await?;
    let office = the_office(&mut conn, &args.office).await?;
    let agent = args.agent.trim().to_uppercase();
    let nobody = || Refused(format!("nobody works as {agent} in {}: seat somebody with `afterfare office agent`", office.code));
    let user_id = office_store::user_of(&mut conn, &office.id, &agent).await?.ok_or_else(nobody)?;
    let user = agencies::user(&mut conn, &user_id).await?.ok_or_else(nobody)?;
    drop(conn);
    let actor = Actor::from(user);
    let seat = Seat { office, agent };
    let host = Host { db: &db, source: &db, limits: &args.limits, terms, actor: &actor, seat, now: Clock::System.now() };
    let outcome = host.execute(&args.command).await.map_err(|error| match error {
        NotDone::Code(code) => Refused(format!("{}\n{}", code.word(), english(code.named()))),
        NotDone::Form(life::NotDone::Problems(problems)) => {
            Refused(problems.0.into_iter().map(|(_, message)| english(message)).collect::<Vec<_>>().join("\n"))
        }
        NotDone::Form(error) => Refused(english(crate::web::error::Error::from(error).message())),
        NotDone::Database(error) => Refused(error.to_string()),
    })?;
    let mut conn = db.read().await?;
    match outcome {
        Outcome::Report { device, day, page } => {
            let report = report::of_day(&mut conn, &host.seat.office, day, device).await?;
            print!("{}", report_text(&host.seat.office, &command::day_text(day), &report, page));
        }
        Outcome::Form { id, .. }
        | Outcome::Preview { id }
        | Outcome::Confirmed { id }
        | Outcome::Change { id }
        | Outcome::Deleted { id } => {
            let form = form_store::find(&mut conn, &Scope::Operator, &id).await?.ok_or("the form is gone")?;
            print!("{}", form_text(&form));
        }
    }
    drop(conn);
    db.close().await;
    Ok(())
}

/// A form as lines of text. A net refund stands there once it is reckoned.
fn form_text(form: &Form) -> String {
    let content = &form.content;
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<16} {value}");
    };
    line("REFUND NUMBER", form.refund_no.clone().or(form.wanted_no.clone()).unwrap_or_else(|| "0".to_owned()));
    line("STATUS", english(form.status.named()));
    line("TYPE", form.journey.word().to_owned());
    line("DEVICE", form.device.to_string());
    line("AGENT", format!("{} {} {}", form.agent, form.iata_number, form.office));
    let last = if content.last_digits.is_empty() { String::new() } else { format!("/{}", content.last_digits) };
    line("TICKET", format!("{}{last}", form.ticket_number().map(|number| number.to_string()).unwrap_or_default()));
    line("COUPONS", content.coupons.join(" "));
    line("PASSENGER", content.passenger_name.clone());
    line("PAYMENT", content.form_of_payment.clone());
    line("CURRENCY", format!("{}-{}", form.gross.currency, form.gross.currency.exponent()));
    line("GROSS REFUND", form.gross.decimal().to_string());
    for tax in &content.taxes {
        line("TAX", format!("{} {}", tax.code, tax.amount.decimal()));
    }
    line("DEDUCTION", form.deduction.decimal().to_string());
    line("COMMISSION", if form.rate().is_empty() { form.commission.decimal().to_string() } else { form.rate() });
    line("AIRLINE REFUND", form.airline_refund().decimal().to_string());
    if form.refund_no.is_some() {
        line("NET REFUND", form.net_refund.decimal().to_string());
    }
    text
}

/// A page of a sales report, with the totals of the whole.
fn report_text(office: &Office, day: &str, report: &Report, page: usize) -> String {
    let mut text = format!("{} {day} PAGE {page}/{}\n", office.code, report.pages());
    for line in report.page(page) {
        let _ = writeln!(
            text,
            "{} {:<2} {:<11} {:>12} {:>10} {:>10} {:<6} {}",
            line.number,
            line.conjunction,
            line.route,
            line.collection.decimal(),
            line.tax.decimal(),
            line.commission,
            line.pnr,
            line.agent
        );
    }
    let totals = &report.totals;
    let _ = writeln!(text, "TICKETS {} VOID {} REFUND {}", totals.tickets, totals.voids, totals.refunds);
    let figures = [
        ("NORMAL FARE", totals.normal_fare),
        ("CARRIERS", totals.carriers()),
        ("TAX", totals.tax),
        ("COMMIT", totals.commission),
        ("NET REFUND", totals.net_refund),
        ("DEDUCTION", totals.deduction),
        ("REFUND TAX", totals.refund_tax),
        ("REFUND COMMIT", totals.refund_commission),
        ("GROSS REFUND", totals.gross_refund()),
    ];
    for (name, amount) in figures {
        let _ = writeln!(text, "{name:<14} {:>14} {}", amount.decimal(), amount.currency);
    }
    text
}
