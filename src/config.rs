//! Every setting, with its default and its reason. Each is an option of `serve` and an environment variable.

use clap::{Args, ValueEnum};

use crate::kernel::money::{Currency, Money};

/// Where the data lives, needed by every command.
#[derive(Debug, Clone, Args)]
pub struct DatabaseSettings {
    /// `sqlite://FILE` or `postgres://USER@HOST/NAME`
    #[arg(long, env = "AFTERFARE_DATABASE", default_value = "sqlite://./data/afterfare.db", value_name = "URL", value_parser = database_address)]
    pub database: String,
    /// Connections that read pages, per server: three for each core are best. Other work has up to three of its own
    #[arg(long, env = "AFTERFARE_READERS", default_value_t = three_for_each_core(), value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=200))]
    pub readers: u32,
    /// Connections that write, per server; SQLite always has one
    #[arg(long, env = "AFTERFARE_WRITERS", default_value_t = 8, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub writers: u32,
}

/// As many as `db` keeps together for each thread that writes pages.
fn three_for_each_core() -> u32 {
    std::thread::available_parallelism().map_or(6, |cores| u32::try_from(3 * cores.get()).unwrap_or(48).clamp(6, 48))
}

fn database_address(text: &str) -> Result<String, String> {
    if ["sqlite://", "postgres://", "postgresql://"].iter().any(|start| text.starts_with(start)) {
        Ok(text.to_owned())
    } else {
        Err("use sqlite://FILE or postgres://USER@HOST/NAME".to_owned())
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogForm {
    Human,
    Json,
}

/// What a running server needs to know.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Address and port to serve on
    #[arg(long, env = "AFTERFARE_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub listen: std::net::SocketAddr,
    /// Address and port of the Prometheus metrics, such as `127.0.0.1:9464`; nowhere when left out. Whoever reaches it needs no sign-in
    #[arg(long, env = "AFTERFARE_METRICS_LISTEN", value_name = "ADDRESS")]
    pub metrics_listen: Option<std::net::SocketAddr>,
    /// The address people type, such as `https://afterfare.example`; `http://LISTEN` when left out. https turns on secure cookies and HSTS
    #[arg(long, env = "AFTERFARE_PUBLIC_ORIGIN", value_name = "ORIGIN", value_parser = origin)]
    pub public_origin: Option<String>,
    /// The operator's name, as pages say it ("Atlas Initiated")
    #[arg(long, env = "AFTERFARE_OPERATOR_NAME", default_value = "Atlas", value_name = "NAME")]
    pub operator_name: String,
    /// Log lines for people or for programs
    #[arg(long, env = "AFTERFARE_LOG_FORM", value_enum, default_value_t = LogForm::Human)]
    pub log_form: LogForm,
    /// What to log, in the syntax of tracing's `EnvFilter`
    #[arg(long, env = "AFTERFARE_LOG", default_value = "info,sqlx=warn", value_name = "FILTER")]
    pub log: String,
    /// Whether a proxy in front sets X-Forwarded-For; only then is it believed
    #[arg(long, env = "AFTERFARE_BEHIND_PROXY", default_value_t = false)]
    pub behind_proxy: bool,
    /// Folder in which attachments are kept; several servers on one database need the same one
    #[arg(long, env = "AFTERFARE_FILES", default_value = "./data/files", value_name = "FOLDER")]
    pub files: std::path::PathBuf,
    /// Where e-mail goes: `smtp://USER:PASSWORD@HOST:587?tls=required` or `smtps://…`; without it, into the mail folder
    #[arg(long, env = "AFTERFARE_SMTP", value_name = "URL", hide_env_values = true, value_parser = mail_server)]
    pub smtp: Option<String>,
    /// Folder in which each e-mail becomes a file, when there is no mail server
    #[arg(long, env = "AFTERFARE_MAIL_FOLDER", default_value = "./data/mail", value_name = "FOLDER")]
    pub mail_folder: std::path::PathBuf,
    /// The sender of e-mail
    #[arg(long, env = "AFTERFARE_MAIL_FROM", default_value = "Afterfare <no-reply@afterfare.example>", value_name = "ADDRESS", value_parser = mailbox)]
    pub mail_from: String,
    /// The program that reads spreadsheets, when it is not this one
    #[arg(long, env = "AFTERFARE_SHEET_READER", value_name = "FILE", hide = true)]
    pub sheet_reader: Option<std::path::PathBuf>,
    #[command(flatten)]
    pub limits: Limits,
}

fn mail_server(text: &str) -> Result<String, String> {
    if ["smtp://", "smtps://"].iter().any(|start| text.starts_with(start)) {
        Ok(text.to_owned())
    } else {
        Err("use smtp://USER:PASSWORD@HOST:PORT?tls=required or smtps://USER:PASSWORD@HOST".to_owned())
    }
}

fn mailbox(text: &str) -> Result<String, String> {
    match text.parse::<lettre::message::Mailbox>() {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("give an address such as Afterfare <no-reply@afterfare.example>".to_owned()),
    }
}

fn amount(text: &str) -> Result<Money, String> {
    let (figure, currency) = text.trim().split_once(' ').ok_or("give an amount and its currency, such as 100.00 USD")?;
    let currency = Currency::parse(currency.trim()).map_err(|error| error.to_string())?;
    Money::parse(figure, currency).map_err(|error| error.to_string())
}

fn origin(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match rest {
        Some(host) if !host.is_empty() && !host.contains('/') => Ok(text.to_owned()),
        _ => Err("give scheme and host without a path, such as https://afterfare.example".to_owned()),
    }
}

/// Deadlines and bounds.
#[derive(Debug, Clone, Args)]
pub struct Limits {
    /// Hours within which a refund is submitted to the airline
    #[arg(long, env = "AFTERFARE_SUBMIT_WITHIN_HOURS", default_value_t = 4, value_name = "HOURS", value_parser = clap::value_parser!(i64).range(1..=720))]
    pub submit_within_hours: i64,
    /// Days after submission before an agency may follow up
    #[arg(long, env = "AFTERFARE_FOLLOW_UP_AFTER_DAYS", default_value_t = 21, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=365))]
    pub follow_up_after_days: i64,
    /// Minutes that a quote can be accepted
    #[arg(long, env = "AFTERFARE_QUOTE_MINUTES", default_value_t = 120, value_name = "MINUTES", value_parser = clap::value_parser!(i64).range(1..=1440))]
    pub quote_minutes: i64,
    /// Days that an exchange rate may be old when a quote uses it
    #[arg(long, env = "AFTERFARE_RATE_MAX_AGE_DAYS", default_value_t = 7, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(0..=365))]
    pub rate_max_age_days: i64,
    /// Minutes without a request after which a session ends
    #[arg(long, env = "AFTERFARE_SESSION_IDLE_MINUTES", default_value_t = 60, value_name = "MINUTES", value_parser = clap::value_parser!(i64).range(5..=1440))]
    pub session_idle_minutes: i64,
    /// Hours after which a session ends however busy it is
    #[arg(long, env = "AFTERFARE_SESSION_HOURS", default_value_t = 24, value_name = "HOURS", value_parser = clap::value_parser!(i64).range(1..=168))]
    pub session_hours: i64,
    /// Hours that a one-time link works
    #[arg(long, env = "AFTERFARE_LINK_HOURS", default_value_t = 72, value_name = "HOURS", value_parser = clap::value_parser!(i64).range(1..=720))]
    pub link_hours: i64,
    /// Wrong passwords per account within the window before it has to wait
    #[arg(long, env = "AFTERFARE_SIGN_IN_TRIES_PER_ACCOUNT", default_value_t = 8, value_name = "COUNT", value_parser = clap::value_parser!(i64).range(3..=1000))]
    pub sign_in_tries_per_account: i64,
    /// Wrong passwords per network address within the window before it has to wait
    #[arg(long, env = "AFTERFARE_SIGN_IN_TRIES_PER_ADDRESS", default_value_t = 40, value_name = "COUNT", value_parser = clap::value_parser!(i64).range(3..=10000))]
    pub sign_in_tries_per_address: i64,
    /// Minutes of that window
    #[arg(long, env = "AFTERFARE_SIGN_IN_WINDOW_MINUTES", default_value_t = 15, value_name = "MINUTES", value_parser = clap::value_parser!(i64).range(1..=1440))]
    pub sign_in_window_minutes: i64,
    /// Bytes of a posted form
    #[arg(long, env = "AFTERFARE_MAX_FORM_BYTES", default_value_t = 65_536, value_name = "BYTES")]
    pub max_form_bytes: usize,
    /// Bytes of a document that is pasted: a rule set, facts, the host's answer
    #[arg(long, env = "AFTERFARE_MAX_DOCUMENT_BYTES", default_value_t = 262_144, value_name = "BYTES")]
    pub max_document_bytes: usize,
    /// Newest quotes that are reckoned again to preview a rule set
    #[arg(long, env = "AFTERFARE_PREVIEW_QUOTES", default_value_t = 100, value_name = "QUOTES", value_parser = clap::value_parser!(i64).range(1..=1000))]
    pub preview_quotes: i64,
    /// Bytes of one attachment
    #[arg(long, env = "AFTERFARE_MAX_ATTACHMENT_BYTES", default_value_t = 8_388_608, value_name = "BYTES")]
    pub max_attachment_bytes: usize,
    /// Attachments of one message
    #[arg(long, env = "AFTERFARE_ATTACHMENTS_PER_MESSAGE", default_value_t = 5, value_name = "FILES")]
    pub attachments_per_message: usize,
    /// Files that one person may have attached to forms that were not sent yet
    #[arg(long, env = "AFTERFARE_DRAFTS_PER_USER", default_value_t = 50, value_name = "FILES", value_parser = clap::value_parser!(i64).range(5..=1000))]
    pub drafts_per_user: i64,
    /// Seconds within which a form with attachments must have arrived
    #[arg(long, env = "AFTERFARE_UPLOAD_SECONDS", default_value_t = 120, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(10..=3600))]
    pub upload_seconds: u64,
    /// Characters of one message in a request
    #[arg(long, env = "AFTERFARE_MAX_MESSAGE_CHARS", default_value_t = 5000, value_name = "CHARACTERS")]
    pub max_message_chars: usize,
    /// Hours within which a request gets its answer
    #[arg(long, env = "AFTERFARE_ANSWER_WITHIN_HOURS", default_value_t = 4, value_name = "HOURS", value_parser = clap::value_parser!(i64).range(1..=720))]
    pub answer_within_hours: i64,
    /// Hours within which a request in process gets its next news
    #[arg(long, env = "AFTERFARE_NEXT_NEWS_HOURS", default_value_t = 24, value_name = "HOURS", value_parser = clap::value_parser!(i64).range(1..=720))]
    pub next_news_hours: i64,
    /// Hours of silence after which an answered request is completed
    #[arg(long, env = "AFTERFARE_COMPLETE_AFTER_HOURS", default_value_t = 72, value_name = "HOURS", value_parser = clap::value_parser!(i64).range(1..=2160))]
    pub complete_after_hours: i64,
    /// Hours that an offer inside a request may be valid at most
    #[arg(long, env = "AFTERFARE_OFFER_MAX_HOURS", default_value_t = 336, value_name = "HOURS", value_parser = clap::value_parser!(i64).range(1..=2160))]
    pub offer_max_hours: i64,
    /// Seconds for which "is answering" is shown after the last sign of it
    #[arg(long, env = "AFTERFARE_PRESENCE_SECONDS", default_value_t = 120, value_name = "SECONDS", value_parser = clap::value_parser!(i64).range(10..=3600))]
    pub presence_seconds: i64,
    /// Requests that are assigned or answered in one go
    #[arg(long, env = "AFTERFARE_BULK_ITEMS", default_value_t = 100, value_name = "REQUESTS", value_parser = clap::value_parser!(u64).range(1..=500))]
    pub bulk_items: u64,
    /// Days for which compensations that one person gave one agency alone are added up
    #[arg(long, env = "AFTERFARE_COMPENSATION_DAYS", default_value_t = 30, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=365))]
    pub compensation_days: i64,
    /// Above this sum, or its worth in another currency, a compensation needs a second person
    #[arg(long, env = "AFTERFARE_COMPENSATION_ALONE_UP_TO", default_value = "100.00 USD", value_name = "AMOUNT", value_parser = amount)]
    pub compensation_alone_up_to: Money,
    /// Times that an e-mail is tried
    #[arg(long, env = "AFTERFARE_MAIL_ATTEMPTS", default_value_t = 12, value_name = "COUNT", value_parser = clap::value_parser!(i64).range(1..=50))]
    pub mail_attempts: i64,
    /// Movements up to which a statement goes along with its e-mail as a file; a longer one is downloaded
    #[arg(long, env = "AFTERFARE_STATEMENT_MAIL_LINES", default_value_t = 20_000, value_name = "LINES", value_parser = clap::value_parser!(i64).range(1..=100_000))]
    pub statement_mail_lines: i64,
    /// Seconds that a mail server may take
    #[arg(long, env = "AFTERFARE_MAIL_SECONDS", default_value_t = 20, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=300))]
    pub mail_seconds: u64,
    /// E-mails that a server sends in a second at most
    #[arg(long, env = "AFTERFARE_MAILS_PER_SECOND", default_value_t = 50, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub mails_per_second: u32,
    /// Days that notices are kept
    #[arg(long, env = "AFTERFARE_NOTICE_DAYS", default_value_t = 180, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=3650))]
    pub notice_days: i64,
    /// Hours that files of a form that was never sent are kept
    #[arg(long, env = "AFTERFARE_DRAFT_HOURS", default_value_t = 24, value_name = "HOURS", value_parser = clap::value_parser!(i64).range(1..=720))]
    pub draft_hours: i64,
    /// Seconds within which a posted form must have arrived
    #[arg(long, env = "AFTERFARE_FORM_SECONDS", default_value_t = 10, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=300))]
    pub form_seconds: u64,
    /// Hour of the day, in UTC, at which the books are checked every night; 18 is 2 a.m. in Shanghai
    #[arg(long, env = "AFTERFARE_VERIFY_HOUR", default_value_t = 18, value_name = "HOUR", value_parser = clap::value_parser!(i64).range(0..=23))]
    pub verify_hour: i64,
    /// Rows of one page of a list
    #[arg(long, env = "AFTERFARE_PAGE_ROWS", default_value_t = 50, value_name = "ROWS", value_parser = clap::value_parser!(i64).range(5..=500))]
    pub page_rows: i64,
    /// Rows of one uploaded file
    #[arg(long, env = "AFTERFARE_SHEET_ROWS", default_value_t = 20_000, value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..=200_000))]
    pub sheet_rows: u32,
    /// Bytes of one uploaded file of rows
    #[arg(long, env = "AFTERFARE_MAX_SHEET_BYTES", default_value_t = 5_242_880, value_name = "BYTES")]
    pub max_sheet_bytes: usize,
    /// Megabytes that an uploaded workbook may have inside, unpacked
    #[arg(long, env = "AFTERFARE_SHEET_INFLATED_MB", default_value_t = 64, value_name = "MB", value_parser = clap::value_parser!(u64).range(1..=1024))]
    pub sheet_inflated_mb: u64,
    /// Megabytes of memory that the reader of an uploaded file gets
    #[arg(long, env = "AFTERFARE_SHEET_MEMORY_MB", default_value_t = 512, value_name = "MB", value_parser = clap::value_parser!(u64).range(64..=8192))]
    pub sheet_memory_mb: u64,
    /// Seconds of work that the reader of an uploaded file gets
    #[arg(long, env = "AFTERFARE_SHEET_SECONDS", default_value_t = 10, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=300))]
    pub sheet_seconds: u64,
    /// Order numbers of one batch search that are pasted
    #[arg(long, env = "AFTERFARE_PASTED_ORDERS", default_value_t = 500, value_name = "ORDERS", value_parser = clap::value_parser!(u32).range(1..=5000))]
    pub pasted_orders: u32,
    /// Days after its issue for which a BSP ticket fills a refund form
    #[arg(long, env = "AFTERFARE_BSP_WINDOW_DAYS", default_value_t = 45, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=730))]
    pub bsp_window_days: i64,
    /// The same for a ticket whose passenger did not show up
    #[arg(long, env = "AFTERFARE_BSP_NO_SHOW_DAYS", default_value_t = 365, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=730))]
    pub bsp_no_show_days: i64,
    /// Milliseconds within which the source of BSP tickets must answer; with 0 it is not asked
    #[arg(long, env = "AFTERFARE_TICKET_SOURCE_MS", default_value_t = 5000, value_name = "MS", value_parser = clap::value_parser!(u64).range(0..=60_000))]
    pub ticket_source_ms: u64,
    /// Days within which an airline answers a refund application
    #[arg(long, env = "AFTERFARE_BSP_ANSWER_DAYS", default_value_t = 30, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=365))]
    pub bsp_answer_days: i64,
    /// Ticket numbers of one file from which refund forms are prepared
    #[arg(long, env = "AFTERFARE_BSP_BATCH_ROWS", default_value_t = 500, value_name = "TICKETS", value_parser = clap::value_parser!(u32).range(1..=5000))]
    pub bsp_batch_rows: u32,
    /// Of what a commission rate of a BSP refund form is a part
    #[arg(long, env = "AFTERFARE_BSP_COMMISSION_OF", default_value = "gross", value_name = "BASE", value_parser = ["gross", "gross-less-deduction"])]
    pub bsp_commission_of: String,
    /// How a commission of a BSP refund form that does not come out even ends
    #[arg(long, env = "AFTERFARE_BSP_COMMISSION_ROUNDING", default_value = "half-up", value_name = "HOW", value_parser = ["half-up", "up", "down"])]
    pub bsp_commission_rounding: String,
    /// Rows of one downloaded file
    #[arg(long, env = "AFTERFARE_EXPORT_ROWS", default_value_t = 1_000_000, value_name = "ROWS", value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
    pub export_rows: i64,
}

impl Settings {
    /// Scheme and host under which people reach the server.
    #[must_use]
    pub fn origin(&self) -> String {
        self.public_origin.clone().unwrap_or_else(|| format!("http://{}", self.listen))
    }

    /// The program that reads spreadsheets: this very one.
    #[must_use]
    pub fn reader(&self) -> std::path::PathBuf {
        // The running program stays readable here even when a newer one has taken its place on the disk.
        let own = std::path::Path::new("/proc/self/exe");
        match &self.sheet_reader {
            Some(program) => program.clone(),
            None if own.exists() => own.to_owned(),
            None => std::env::current_exe().unwrap_or_default(),
        }
    }

    /// Whether people reach it over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.origin().starts_with("https://")
    }
}
