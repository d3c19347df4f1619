//! What an agent may type on the command line. A blank may stand for the colon; the order of device, type and number
//! after the option is free, because each is known by its form.

use unicode_normalization::UnicodeNormalization;

use super::ticket_number::TicketNumber;
use crate::kernel::time::Date;

/// Characters of one command.
pub const MAX_CHARS: usize = 80;

crate::text_column! {
    /// Whether the journey stays inside one country; printed on the form.
    pub enum Journey { Domestic = "D", International = "I" }
}

/// How a new form gets its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Numbering {
    Automatic,
    /// Nine digits.
    Given(String),
}

/// How a form is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    Full,
    Mask,
    /// Printed, then shown as a mask.
    Print,
}

/// Printer and type, which end most commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tail {
    pub device: i64,
    pub journey: Journey,
}

/// A command that can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `TRFD:L/…`: a new form, filled from the ticket.
    Load { ticket: TicketNumber, numbering: Numbering, view: View, tail: Tail },
    /// `TRFD:A/…`, or a number that no form has: a new form, filled by hand.
    New { numbering: Numbering, view: View, tail: Tail },
    /// `TRFD:T/…`
    ByTicket { ticket: TicketNumber, view: View },
    /// `TRFD:H/…`
    Print { number: String },
    /// `TRFD:Z/…`: filled and reckoned, to be confirmed by `RFIS`.
    Preview { ticket: TicketNumber, tail: Tail },
    /// `RFIS:…`
    Confirm { ticket: TicketNumber },
    /// `TRFU:…`
    Change { number: String },
    /// `TRFX:…`
    Delete { number: String },
    /// `TSL`, of today, or `TPR`, of a day past.
    Report { device: Option<i64>, day: Option<Date> },
    /// `PN`: the report's next page.
    NextPage,
}

crate::text_column! {
    /// What the host answers when it cannot do a command. The code is shown as it stands, with a sentence beside it.
    pub enum Code {
        /// `TRFD:L` with any form of input but 1, 2, 7 and 8.
        Option = "OPTION",
        RefundExists = "REFUND # ALREADY EXIST",
        TicketMismatch = "TKT# MISMATCH, REOPEN IT",
        CommissionRate = "INCORRECT COMMISSION RATE",
        TicketFormat = "TKT# FORMAT ERROR",
        FillManually = "FILL THE FORM MANUALLY",
        LoadingFailed = "TKT LOADING FAILED",
        TimeOut = "TIME OUT - RETRY LATER",
        Authority = "AUTHORITY",
        /// Not a command, or not as it must be written.
        Format = "FORMAT",
        /// No refund form of this number or ticket.
        NoRecord = "NO RECORD",
        /// A form with `+1C` was begun and left: the next must be begun by the standard entry.
        StandardEntry = "USE STANDARD ENTRY",
        /// The sales day of the form is over.
        DayClosed = "SALES DAY CLOSED",
        /// The office has no such device.
        Device = "DEVICE",
    }
}

impl crate::web::words::Named for Code {
    fn name_key(&self) -> String {
        let word = match self {
            Self::Option => "option",
            Self::RefundExists => "refund-exists",
            Self::TicketMismatch => "ticket-mismatch",
            Self::CommissionRate => "commission-rate",
            Self::TicketFormat => "ticket-format",
            Self::FillManually => "fill-manually",
            Self::LoadingFailed => "loading-failed",
            Self::TimeOut => "time-out",
            Self::Authority => "authority",
            Self::Format => "format",
            Self::NoRecord => "no-record",
            Self::StandardEntry => "standard-entry",
            Self::DayClosed => "day-closed",
            Self::Device => "device",
        };
        format!("bsp-code-{word}")
    }
}

/// Reads a command.
///
/// # Errors
/// `OPTION`, `TKT# FORMAT ERROR` or `FORMAT`.
pub fn parse(text: &str) -> Result<Command, Code> {
    let plain: String = text.nfkc().collect::<String>().trim().trim_start_matches('>').trim().to_uppercase();
    if plain.chars().count() > MAX_CHARS || plain.chars().any(char::is_control) {
        return Err(Code::Format);
    }
    let (name, rest) = match plain.split_once([':', ' ']) {
        Some((name, rest)) => (name.trim(), rest.trim_start_matches([':', ' ']).trim()),
        None => (plain.as_str(), ""),
    };
    let items: Vec<&str> = if rest.is_empty() { Vec::new() } else { rest.split('/').map(str::trim).collect() };
    match name {
        "TRFD" => trfd(&items),
        "TRFU" => Items::of(skip_option(&items), false)?.number().map(|number| Command::Change { number }),
        "TRFX" => Items::of(skip_option(&items), false)?.number().map(|number| Command::Delete { number }),
        "RFIS" if items.len() == 1 => Ok(Command::Confirm { ticket: ticket(items[0])? }),
        "TSL" => report(&items, false),
        "TPR" => report(&items, true),
        "PN" if items.is_empty() => Ok(Command::NextPage),
        _ => Err(Code::Format),
    }
}

fn ticket(text: &str) -> Result<TicketNumber, Code> {
    TicketNumber::parse(text).map_err(|_| Code::TicketFormat)
}

/// Changes and deletions may say `M` or nothing before the rest.
fn skip_option<'a>(items: &'a [&'a str]) -> &'a [&'a str] {
    match items {
        ["M", rest @ ..] => rest,
        items => items,
    }
}

fn trfd(items: &[&str]) -> Result<Command, Code> {
    match items {
        ["L", number, rest @ ..] => {
            let ticket = ticket(number)?;
            let (option, rest) = option_of(rest);
            let (view, automatic) = match option {
                "" => (View::Full, false),
                "M" => (View::Mask, false),
                "A" => (View::Full, true),
                "AM" => (View::Mask, true),
                _ => return Err(Code::Option),
            };
            let found = Items::of(rest, automatic)?;
            let (numbering, tail) = (found.numbering(automatic)?, found.tail()?);
            Ok(Command::Load { ticket, numbering, view, tail })
        }
        ["L"] => Err(Code::TicketFormat),
        ["Z", number, rest @ ..] => Ok(Command::Preview { ticket: ticket(number)?, tail: Items::of(rest, true)?.tail()? }),
        ["H", rest @ ..] => Items::of(rest, false)?.number().map(|number| Command::Print { number }),
        [option @ ("T" | "TM" | "TH"), rest @ .., number] => {
            let view = match *option {
                "T" => View::Full,
                "TM" => View::Mask,
                _ => View::Print,
            };
            Items::of(rest, true)?;
            Ok(Command::ByTicket { ticket: ticket(number)?, view })
        }
        [option @ ("A" | "AM"), rest @ ..] => {
            let found = Items::of(rest, true)?;
            let view = if *option == "A" { View::Full } else { View::Mask };
            Ok(Command::New { numbering: Numbering::Automatic, view, tail: found.tail()? })
        }
        ["M", rest @ ..] => given(rest, View::Mask),
        rest if !rest.is_empty() => given(rest, View::Full),
        _ => Err(Code::Format),
    }
}

fn given(items: &[&str], view: View) -> Result<Command, Code> {
    let found = Items::of(items, false)?;
    Ok(Command::New { numbering: Numbering::Given(found.number()?), view, tail: found.tail()? })
}

/// The letters of the option, where there are any, and what follows them.
fn option_of<'a>(items: &'a [&'a str]) -> (&'a str, &'a [&'a str]) {
    match items {
        [first, rest @ ..] if !matches!(*first, "D" | "I") && first.chars().all(|c| c.is_ascii_alphabetic()) => (first, rest),
        items => ("", items),
    }
}

/// What stands after the option: each at most once.
#[derive(Default)]
struct Items {
    number: Option<String>,
    device: Option<i64>,
    journey: Option<Journey>,
}

impl Items {
    fn of(items: &[&str], automatic: bool) -> Result<Self, Code> {
        let mut found = Self::default();
        for item in items {
            let digits = item.bytes().all(|byte| byte.is_ascii_digit());
            let fresh = match item.len() {
                9 if digits && !automatic => found.number.replace((*item).to_owned()).is_none(),
                1 | 2 if digits => found.device.replace(item.parse().map_err(|_| Code::Format)?).is_none(),
                1 => found.journey.replace(item.parse().map_err(|_| Code::Format)?).is_none(),
                _ => false,
            };
            if !fresh {
                return Err(Code::Format);
            }
        }
        Ok(found)
    }

    fn number(&self) -> Result<String, Code> {
        self.number.clone().ok_or(Code::Format)
    }

    fn numbering(&self, automatic: bool) -> Result<Numbering, Code> {
        if automatic { Ok(Numbering::Automatic) } else { self.number().map(Numbering::Given) }
    }

    fn tail(&self) -> Result<Tail, Code> {
        self.device.zip(self.journey).map(|(device, journey)| Tail { device, journey }).ok_or(Code::Format)
    }
}

/// `TSL:1`, `TPR:1/20NOV26`; the device may be left out.
fn report(items: &[&str], past: bool) -> Result<Command, Code> {
    let mut report = (None, None);
    for item in items {
        if item.len() <= 2 && report.0.is_none() {
            report.0 = Some(item.parse::<i64>().ok().filter(|device| *device > 0).ok_or(Code::Format)?);
        } else if past && report.1.is_none() {
            report.1 = Some(day(item).ok_or(Code::Format)?);
        } else {
            return Err(Code::Format);
        }
    }
    if past && report.1.is_none() {
        return Err(Code::Format);
    }
    Ok(Command::Report { device: report.0, day: report.1 })
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/// `04AUG16`
#[must_use]
pub fn day_text(day: Date) -> String {
    let month = usize::try_from(day.month() - 1).ok().and_then(|place| MONTHS.get(place)).copied().unwrap_or_default();
    format!("{:02}{month}{:02}", day.day(), day.year().rem_euclid(100))
}

fn day(text: &str) -> Option<Date> {
    if !text.is_ascii() || text.len() != 7 {
        return None;
    }
    let month = MONTHS.iter().position(|month| *month == &text[2..5])? + 1;
    let year: i16 = text[5..].parse().ok()?;
    Date::new(2000 + year, i8::try_from(month).ok()?, text[..2].parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAIL: Tail = Tail { device: 1, journey: Journey::Domestic };

    fn ticket(text: &str) -> TicketNumber {
        TicketNumber::parse(text).expect("a number")
    }

    #[test]
    fn the_manual_s_commands_are_read() {
        let load = |numbering, view| Ok(Command::Load { ticket: ticket("784-5805431488"), numbering, view, tail: TAIL });
        for text in [
            "TRFD:L/784-5805431488/A/1/D",
            ">trfd l/7845805431488/a/1/d",
            "TRFD  L/784-5805431488/A/1/D",
            "TRFD: L / 784-5805431488 / A / 1 / D",
        ] {
            assert_eq!(parse(text), load(Numbering::Automatic, View::Full), "{text}");
        }
        assert_eq!(parse("TRFD:L/784-5805431488/AM/1/D"), load(Numbering::Automatic, View::Mask));
        let given = Numbering::Given("123456789".to_owned());
        assert_eq!(parse("TRFD:L/784-5805431488/1/D/123456789"), load(given.clone(), View::Full));
        assert_eq!(parse("TRFD:L/784-5805431488/M/123456789/1/D"), load(given.clone(), View::Mask));
        assert_eq!(parse("TRFD:123456789/1/D"), Ok(Command::New { numbering: given.clone(), view: View::Full, tail: TAIL }));
        assert_eq!(parse("TRFD:M/1/D/123456789"), Ok(Command::New { numbering: given, view: View::Mask, tail: TAIL }));
        assert_eq!(parse("TRFD:A/1/D"), Ok(Command::New { numbering: Numbering::Automatic, view: View::Full, tail: TAIL }));
        assert_eq!(parse("TRFD:H/1/D/123456789"), Ok(Command::Print { number: "123456789".to_owned() }));
        let by = |view| Ok(Command::ByTicket { ticket: ticket("784-5805431488"), view });
        assert_eq!(parse("TRFD:T/1/D/784-5805431488"), by(View::Full));
        assert_eq!(parse("TRFD:TM/784-5805431488"), by(View::Mask));
        assert_eq!(parse("TRFD:TH/1/I/784-5805431488"), by(View::Print));
        assert_eq!(parse("TRFD:Z/784-5805431488/1/D"), Ok(Command::Preview { ticket: ticket("784-5805431488"), tail: TAIL }));
        assert_eq!(parse("RFIS:784-5805431488"), Ok(Command::Confirm { ticket: ticket("784-5805431488") }));
        assert_eq!(parse("TRFU:M/1/D/123456789"), Ok(Command::Change { number: "123456789".to_owned() }));
        assert_eq!(parse("TRFX:1/D/123456789"), Ok(Command::Delete { number: "123456789".to_owned() }));
        assert_eq!(parse("TSL"), Ok(Command::Report { device: None, day: None }));
        assert_eq!(parse("TSL:2"), Ok(Command::Report { device: Some(2), day: None }));
        let august = Date::new(2016, 8, 4).expect("a day");
        assert_eq!(parse("TPR:1/04AUG16"), Ok(Command::Report { device: Some(1), day: Some(august) }));
        assert_eq!(day_text(august), "04AUG16");
        assert_eq!(parse("PN"), Ok(Command::NextPage));
    }

    #[test]
    fn each_fault_has_its_code() {
        for option in ["H", "T", "TM", "TH", "X"] {
            assert_eq!(parse(&format!("TRFD:L/784-5805431488/{option}/1/D")), Err(Code::Option), "{option}");
        }
        for number in ["784-580543148", "ABC", ""] {
            assert_eq!(parse(&format!("TRFD:L/{number}/A/1/D")), Err(Code::TicketFormat), "{number}");
        }
        let faulty = [
            "",
            "TRFD",
            "TRFD:",
            "HELLO",
            "TRFD:A/1/D/123456789",
            "TRFD:A/1/D/784-5805431488",
            "TRFD:L/784-5805431488/A/1",
            "TRFD:L/784-5805431488/1/D",
            "TRFD:L/784-5805431488/A/1/D/123456789",
            "TRFD:12345678/1/D",
            "TRFD:A/1/1/D",
            "TRFD:A/1/X",
            "TPR:1",
            "TPR:1/31FEB26",
            "TSL:0",
            "PN:1",
        ];
        for text in faulty {
            assert_eq!(parse(text), Err(Code::Format), "{text}");
        }
        assert_eq!(parse(&"TRFD:A/1/D".repeat(20)), Err(Code::Format));
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_is_typed_breaks_it(text in "\\PC{0,90}", end in "[TRFDLAMH:/ 0-9-]{0,40}") {
            let _ = parse(&text);
            let _ = parse(&format!("TRFD:{end}"));
        }
    }
}
