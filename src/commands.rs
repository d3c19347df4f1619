//! The command line: what `afterfare` can be told. Exit codes: 0 done, 1 the input was refused, 2 wrong usage.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::agencies::actions::{self, NewAgency, NewUser};
use crate::agencies::model::{Refusal, parse_code, parse_email};
use crate::agencies::store as agencies;
use crate::agencies::user_pages::link_address;
use crate::config::{DatabaseSettings, LogForm, Settings};
use crate::db::{Db, PoolSizes};
use crate::journal::Author;
use crate::kernel::actor::Role;
use crate::kernel::language::Language;
use crate::kernel::money::{Currency, Money};
use crate::kernel::time::{Clock, Date};
use crate::spreadsheets::child;
use crate::spreadsheets::reading::Bounds;
use crate::web::words::Message;
use crate::{app, demo, finance, worker};

mod backups;
mod bsp;
mod calculation;
mod imports;

/// Everything that happens to an airline ticket after it is sold.
#[derive(Debug, Parser)]
#[command(name = "afterfare", version, about, propagate_version = true)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the portal
    Serve(ServeArgs),
    /// Import orders, BSP tickets, notifications or exchange rates
    Import {
        #[command(subcommand)]
        what: ImportCommand,
    },
    /// Manage agencies
    Agency {
        #[command(subcommand)]
        what: AgencyCommand,
    },
    /// Manage users
    User {
        #[command(subcommand)]
        what: UserCommand,
    },
    /// Manage offices that report to BSP
    Office {
        #[command(subcommand)]
        what: bsp::OfficeCommand,
    },
    /// Do one command of the BSP command line
    Bsp(bsp::BspArgs),
    /// Write everything into one file, at one moment, while a server serves
    Backup {
        /// A new file
        file: PathBuf,
        #[command(flatten)]
        args: backups::FilesArgs,
    },
    /// Restore a backup into an empty database of either kind
    Restore {
        /// A file that `backup` wrote
        file: PathBuf,
        #[command(flatten)]
        args: backups::FilesArgs,
    },
    /// Make a backup, restore it beside, check its books and compare; nothing is left behind
    Drill {
        #[command(flatten)]
        args: backups::FilesArgs,
    },
    /// Recompute the books; exit 0 and a summary, or 1 and every difference
    Verify {
        #[command(flatten)]
        database: DatabaseSettings,
    },
    /// Calculate a refund from one facts document, without a database
    Quote {
        /// The facts, as JSON; `-` reads standard input
        file: PathBuf,
        /// Rule sets to choose from by carrier, day of issue and market; without any the rules of low-cost orders
        #[arg(long, value_name = "FILE", num_args = 1..)]
        rules: Vec<PathBuf>,
        /// How to answer
        #[arg(long, value_enum, default_value_t = QuoteForm::Text)]
        format: QuoteForm,
    },
    /// Check rule sets, or load them
    Rules {
        #[command(subcommand)]
        what: RulesCommand,
    },
    /// Read a spreadsheet from standard input, within bounds
    #[command(hide = true)]
    ReadSheet { bounds: String },
    /// Print the JSON Schema of a document
    Schema {
        #[arg(value_enum)]
        of: Document,
    },
}

#[derive(Debug, Args)]
struct ServeArgs {
    #[command(flatten)]
    database: DatabaseSettings,
    #[command(flatten)]
    settings: Box<Settings>,
    /// Fill an empty database with demo agencies, users, rates and orders, and print the sign-ins once
    #[arg(long)]
    demo: bool,
}

#[derive(Debug, Subcommand)]
enum ImportCommand {
    /// Order documents: one order, an array, or one per line
    Orders {
        /// Files to read; `-` reads standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Code of the agency whose orders they are
        #[arg(long, value_name = "CODE")]
        agency: String,
        #[command(flatten)]
        database: DatabaseSettings,
    },
    /// Take in notifications of schedule changes and cancellations: one object, an array, or one per line
    Incidents {
        /// Files of notifications; `-` reads standard input
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        database: DatabaseSettings,
    },
    /// BSP ticket records: JSON, or CSV in files that end so
    Tickets {
        /// Files of records; `-` reads JSON from standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[command(flatten)]
        database: DatabaseSettings,
    },
    /// Exchange rates: CSV with the header date,from,to,rate
    Rates {
        #[arg(value_name = "FILE.csv")]
        file: PathBuf,
        #[command(flatten)]
        database: DatabaseSettings,
    },
}

#[derive(Debug, Subcommand)]
enum AgencyCommand {
    /// Add an agency
    Add {
        code: String,
        name: String,
        /// Currency of its credit line
        #[arg(long)]
        currency: Currency,
        /// How far its deposit may go below zero, in that currency
        #[arg(long, default_value = "0", value_name = "AMOUNT")]
        credit_line: String,
        #[command(flatten)]
        database: DatabaseSettings,
    },
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Add a user and print a one-time link to set the password
    Add {
        email: String,
        #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(Role::ALL.iter().map(|role| role.word())))]
        role: String,
        /// Code of the agency; left out for the operator's own team
        #[arg(long, value_name = "CODE")]
        agency: Option<String>,
        /// The name that colleagues see; the part before the @ when left out
        #[arg(long)]
        name: Option<String>,
        /// Address that the link begins with
        #[arg(long, env = "AFTERFARE_PUBLIC_ORIGIN", default_value = "http://127.0.0.1:8080", value_name = "ORIGIN")]
        public_origin: String,
        /// Hours that the link works
        #[arg(long, env = "AFTERFARE_LINK_HOURS", default_value_t = 72, value_name = "HOURS")]
        link_hours: i64,
        #[command(flatten)]
        database: DatabaseSettings,
    },
}

#[derive(Debug, Subcommand)]
enum RulesCommand {
    /// Say what is wrong with rule sets and where; nothing is loaded
    Check {
        /// Rule sets, as JSON; `-` reads standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Load rule sets as drafts, or put them in use at once
    Load {
        /// Rule sets, as JSON
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// The day from which quotes use them; without it they stay drafts
        #[arg(long, value_name = "DAY")]
        from: Option<Date>,
        #[command(flatten)]
        database: DatabaseSettings,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Document {
    Facts,
    Rules,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum QuoteForm {
    Text,
    Json,
}

/// A refusal, as the sentence that is printed.
#[derive(Debug)]
struct Refused(String);

impl<E: std::fmt::Display> From<E> for Refused {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

type Done = Result<(), Refused>;

/// Does what the command line says.
pub async fn run(line: CommandLine) -> ExitCode {
    let done = match line.command {
        Command::Serve(args) => serve(args).await,
        Command::Import { what: ImportCommand::Orders { files, agency, database } } => imports::orders(&files, &agency, &database).await,
        Command::Import { what: ImportCommand::Rates { file, database } } => imports::rates(&file, &database).await,
        Command::Import { what: ImportCommand::Incidents { files, database } } => imports::incidents(&files, &database).await,
        Command::Import { what: ImportCommand::Tickets { files, database } } => bsp::tickets(&files, &database).await,
        Command::Office { what } => bsp::office(what).await,
        Command::Bsp(args) => bsp::line(args).await,
        Command::Agency { what: AgencyCommand::Add { code, name, currency, credit_line, database } } => {
            add_agency(&code, name, currency, &credit_line, &database).await
        }
        Command::User { what } => add_user(what).await,
        Command::Backup { file, args } => backups::backup(&file, args).await,
        Command::Restore { file, args } => backups::restore(&file, args).await,
        Command::Drill { args } => backups::drill(args).await,
        Command::Verify { database } => verify(&database).await,
        Command::Quote { file, rules, format } => calculation::quote(&file, &rules, format),
        Command::Rules { what: RulesCommand::Check { files } } => calculation::check(&files),
        Command::Rules { what: RulesCommand::Load { files, from, database } } => calculation::load(&files, from, &database).await,
        Command::ReadSheet { bounds } => read_sheet(&bounds),
        Command::Schema { of } => calculation::schema(of),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Refused(sentence)) => {
            eprintln!("afterfare: {sentence}");
            ExitCode::FAILURE
        }
    }
}

async fn open(database: &DatabaseSettings) -> Result<Db, Refused> {
    let sizes = PoolSizes { readers: database.readers, writers: database.writers };
    Ok(Db::open(&database.database, sizes).await?)
}

fn begin_log(settings: &Settings) -> Done {
    let filter = tracing_subscriber::EnvFilter::try_new(&settings.log).map_err(|error| format!("the setting --log is wrong: {error}"))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match settings.log_form {
        LogForm::Human => log.init(),
        LogForm::Json => log.json().init(),
    }
    Ok(())
}

/// The reader of an uploaded file, in this process of its own.
fn read_sheet(bounds: &str) -> Result<(), Refused> {
    let bounds: Bounds = serde_json::from_str(bounds).map_err(|error| Refused(format!("bounds: {error}")))?;
    child::run(&bounds).map_err(|error| Refused(error.to_string()))
}

async fn serve(args: ServeArgs) -> Done {
    begin_log(&args.settings)?;
    let db = open(&args.database).await?;
    if args.demo {
        demo::fill_or_greet(&db, &args.settings).await?;
    }
    let listener = std::net::TcpListener::bind(args.settings.listen)
        .map_err(|error| format!("{} cannot be listened on: {error}. Choose another with --listen", args.settings.listen))?;
    let origin = args.settings.origin();
    let app = app::new(db.clone(), *args.settings, Clock::System).await?;
    let mut background = tokio::spawn(worker::run(worker::Worker::new(app.clone())?));
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let metrics = match app.settings.metrics_listen {
        Some(address) => {
            let listener = std::net::TcpListener::bind(address)
                .map_err(|error| format!("{address} cannot be listened on: {error}. Choose another with --metrics-listen"))?;
            Some(tokio::spawn(app::serve_metrics(app.clone(), listener)?))
        }
        None => None,
    };
    let server = app::serve(app.clone(), listener, workers)?;
    println!("Afterfare serves {origin}");
    server.await?;
    app.end();
    // A mail that is on its way is waited for and written down, not what else there is to do.
    let last_mail = std::time::Duration::from_secs(app.settings.limits.mail_seconds + 5);
    if tokio::time::timeout(last_mail, &mut background).await.is_err() {
        background.abort();
    }
    if let Some(metrics) = metrics {
        metrics.abort();
    }
    db.close().await;
    Ok(())
}

fn input(file: &PathBuf) -> Result<Box<dyn BufRead>, Refused> {
    if file.as_os_str() == "-" {
        return Ok(Box::new(std::io::stdin().lock()));
    }
    let opened = std::fs::File::open(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    Ok(Box::new(BufReader::with_capacity(256 * 1024, opened)))
}

async fn add_agency(code: &str, name: String, currency: Currency, credit_line: &str, database: &DatabaseSettings) -> Done {
    let english = |message: Message| message.say(Language::English);
    let code = parse_code(code).map_err(english)?;
    let credit_line = Money::parse(credit_line, currency)?;
    if credit_line.minor < 0 {
        return Err(Refused("--credit-line must not be below zero".to_owned()));
    }
    let db = open(database).await?;
    let new = NewAgency { code, name, credit_line };
    let agency =
        actions::add_agency(&db, new, Author::program(), Clock::System.now()).await.map_err(|refusal| english(refusal.message()))?;
    println!("{} {} added", agency.code, agency.name);
    Ok(())
}

async fn add_user(command: UserCommand) -> Done {
    let UserCommand::Add { email, role, agency, name, public_origin, link_hours, database } = command;
    let english = |message: Message| message.say(Language::English);
    let email = parse_email(&email).map_err(english)?;
    let role: Role = role.parse()?;
    let db = open(&database).await?;
    let agency_id = match agency {
        None => None,
        Some(code) => {
            let code = parse_code(&code).map_err(english)?;
            let mut conn = db.read().await?;
            let found = agencies::agency(&mut conn, &code).await?;
            Some(found.ok_or_else(|| english(Refusal::UnknownAgency(code).message()))?.id)
        }
    };
    let name = name.unwrap_or_else(|| email.split('@').next().unwrap_or_default().to_owned());
    let new = NewUser { email, name, role, agency_id, language: Language::English };
    let now = Clock::System.now();
    let (user, link) =
        actions::add_user(&db, new, Author::program(), link_hours, now).await.map_err(|refusal| english(refusal.message()))?;
    println!("{} added as {}. The link works once, until {}:", user.email, user.role, link.expires_at);
    println!("{}", link_address(&public_origin, &link));
    Ok(())
}

async fn verify(database: &DatabaseSettings) -> Done {
    let file = database.database.strip_prefix("sqlite://").and_then(|rest| rest.split('?').next());
    if let Some(file) = file.filter(|file| !std::path::Path::new(file).exists()) {
        return Err(Refused(format!("there is no database at {file}: check --database")));
    }
    let db = open(database).await?;
    let report = finance::verify::run(&db).await?;
    for difference in &report.differences {
        println!("{difference}");
    }
    let extent = report.extent;
    if report.differences.is_empty() {
        println!("The books are clean: {} accounts, {} transfers, {} refunds", extent.accounts, extent.transfers, report.refunds);
        Ok(())
    } else {
        Err(Refused(format!("{} differences in the books", report.differences.len())))
    }
}
