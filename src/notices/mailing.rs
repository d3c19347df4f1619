//! Notices as e-mail: one per notice or one a day, threaded by case, to an SMTP server or into a folder of files.

use std::path::PathBuf;
use std::time::Duration;

use lettre::message::{Mailbox, header};
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{AsyncFileTransport, AsyncTransport, Message as Mail, Tokio1Executor};

use super::model::Notice;
use crate::kernel::language::Language;
use crate::web::figures;
use crate::web::words::Message;

/// Who a mail goes to.
#[derive(Debug, Clone)]
pub struct Reader {
    pub email: String,
    pub name: String,
    pub language: Language,
    pub zone_name: String,
}

/// What every mail says about its sender.
#[derive(Debug, Clone)]
pub struct Sender {
    pub from: Mailbox,
    /// Scheme and host of the portal, for deep links.
    pub origin: String,
    pub operator_name: String,
}

/// The way out.
#[derive(Clone)]
pub enum Transport {
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
    /// Each mail becomes a file of its own here.
    Folder(AsyncFileTransport<Tokio1Executor>),
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Neither the server's name nor its password belongs into a log.
        f.write_str(match self {
            Self::Smtp(_) => "Smtp",
            Self::Folder(_) => "Folder",
        })
    }
}

/// Why mail cannot be set up or sent, in a sentence.
pub type Complaint = String;

impl Transport {
    /// By `smtp://…` or `smtps://…`.
    ///
    /// # Errors
    /// When the address is none.
    pub fn smtp(url: &str, seconds: u64) -> Result<Self, Complaint> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|error| error.to_string())?;
        Ok(Self::Smtp(Box::new(builder.timeout(Some(Duration::from_secs(seconds))).build())))
    }

    /// Into a folder, which is made when it is absent.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn folder(path: &PathBuf) -> Result<Self, Complaint> {
        crate::web::private_folder(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self::Folder(AsyncFileTransport::new(path)))
    }
}

/// Who sends, at a pace that leaves visitors their server, and that a mail provider allows.
#[derive(Debug, Clone)]
pub struct Post {
    transport: Transport,
    /// How long one mail takes at least.
    each: Duration,
}

impl Post {
    /// Sends at most so many mails in a second, one after the other.
    #[must_use]
    pub fn new(transport: Transport, per_second: u32) -> Self {
        Self { transport, each: Duration::from_secs(1) / per_second.max(1) }
    }

    /// Sends a mail, and waits until the next one may be sent.
    ///
    /// # Errors
    /// What the server or the disk said.
    pub async fn send(&self, mail: Mail) -> Result<(), Complaint> {
        let next = tokio::time::Instant::now() + self.each;
        let sent = match &self.transport {
            Transport::Smtp(smtp) => smtp.send(mail).await.map(|_| ()).map_err(|error| error.to_string()),
            Transport::Folder(folder) => folder.send(mail).await.map(|_| ()).map_err(|error| error.to_string()),
        };
        tokio::time::sleep_until(next).await;
        sent
    }
}

/// The mail for what one person is to be told. Notices of a single case make one mail in the thread of that case;
/// several cases make one mail of their own.
///
/// # Errors
/// When an address is none.
pub fn compose(notices: &[Notice], reader: &Reader, sender: &Sender) -> Result<Mail, Complaint> {
    let first = notices.first().ok_or("there is nothing to say")?;
    let one_case = notices.iter().all(|notice| notice.case.id == first.case.id);
    let host = sender.origin.split("://").last().unwrap_or("localhost").split(':').next().unwrap_or("localhost").to_owned();
    let say = |message: &Message| message.clone().in_zone(&reader.zone_name).text("operator", &sender.operator_name).say(reader.language);
    let subject = if one_case {
        say(&Message::new(format!("mail-subject-{}", first.case.kind.word()))
            .text("number", &first.case.no)
            .text("order", &first.case.order_no))
    } else {
        say(&Message::new("mail-subject-digest").count("count", i64::try_from(notices.len()).unwrap_or(i64::MAX)))
    };
    let to = reader.email.parse().map_err(|error: lettre::address::AddressError| format!("{}: {error}", reader.email))?;
    let thread = format!("<case-{}@{host}>", first.case.id);
    let mut mail = Mail::builder()
        .from(sender.from.clone())
        .to(Mailbox::new(Some(plain(&reader.name)), to))
        .subject(plain(&subject))
        .message_id(Some(format!("<{}@{host}>", first.id)));
    if one_case {
        mail = mail.in_reply_to(thread.clone()).references(thread);
    }
    mail.header(header::ContentType::TEXT_PLAIN).body(body(notices, reader, sender)).map_err(|error| error.to_string())
}

/// A name as a header can carry it: without line ends and other signs that steer.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn body(notices: &[Notice], reader: &Reader, sender: &Sender) -> String {
    let say = |message: &Message| {
        message.clone().in_zone(&reader.zone_name).text("operator", &sender.operator_name).say(reader.language).replace('\u{a0}', " ")
    };
    let mut text = say(&Message::new("mail-greeting").text("name", &reader.name)) + "\n\n";
    for notice in notices {
        text.push_str(&figures::moment(notice.at, &reader.zone_name));
        text.push('\n');
        for sentence in &notice.sentences {
            text.push_str(&say(sentence));
            text.push('\n');
        }
        text.push_str(&sender.origin);
        text.push_str(&notice.case.path());
        text.push_str("\n\n");
    }
    text + "-- \n" + &say(&Message::new("mail-footer")) + &format!("\n{}/account\n", sender.origin)
}
