//! Commands about the refund calculation: quote, check and load rule sets, print schemas.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::{Document, Done, QuoteForm, Refused, input, open};
use crate::config::DatabaseSettings;
use crate::kernel::language::Language;
use crate::kernel::time::{Clock, Date};
use crate::refund_calculation::rule_check::Problem;
use crate::refund_calculation::{self, Facts, Quote, RuleSet, market, schema as schemas};
use crate::refunds::explaining;
use crate::rule_sets::loading::{self, Refusal};
use crate::web::figures;
use crate::web::words::{Message, Named};

/// A rule set that is longer is no rule set.
const MAX_DOCUMENT_BYTES: usize = 4 * 1024 * 1024;

fn english(message: Message) -> String {
    message.say(Language::English).replace('\u{a0}', " ")
}

fn read(file: &PathBuf) -> Result<String, Refused> {
    let mut text = String::new();
    input(file)?.read_to_string(&mut text).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    Ok(text)
}

/// What is wrong with a rule set, a line each with its place.
fn complaints(file: &Path, refusal: Refusal) -> Vec<String> {
    let name = file.display();
    match refusal {
        Refusal::TooLong(max) => vec![format!("{name}: longer than {max} bytes")],
        Refusal::Unreadable { path, cause } => vec![format!("{name}: {path}: {cause}")],
        Refusal::Wrong(problems) => {
            problems.into_iter().map(|Problem { path, mistake }| format!("{name}: {path}: {}", english(mistake.named()))).collect()
        }
        Refusal::Taken(rules) => vec![format!("{name}: {} is loaded already; give it another version", rules.full_version())],
        Refusal::Database(error) => vec![format!("{name}: {error}")],
    }
}

/// Every file's rule set, or a refusal after all mistakes of all files were printed.
fn checked(files: &[PathBuf]) -> Result<Vec<(String, RuleSet)>, Refused> {
    let (mut good, mut bad) = (Vec::new(), 0);
    for file in files {
        let document = read(file)?;
        match loading::read(&document, MAX_DOCUMENT_BYTES) {
            Ok(rules) => good.push((document, rules)),
            Err(refusal) => {
                bad += 1;
                for complaint in complaints(file, refusal) {
                    eprintln!("{complaint}");
                }
            }
        }
    }
    if bad == 0 { Ok(good) } else { Err(Refused(format!("{bad} of {} files are wrong", files.len()))) }
}

pub(super) fn check(files: &[PathBuf]) -> Done {
    for (_, rules) in checked(files)? {
        println!("{}: nothing is wrong ({})", rules.full_version(), rules.title);
    }
    Ok(())
}

pub(super) async fn load(files: &[PathBuf], from: Option<Date>, database: &DatabaseSettings) -> Done {
    let good = checked(files)?;
    let db = open(database).await?;
    let (by, now) = ("command line", Clock::System.now());
    if from.is_some_and(|from| from < crate::kernel::time::utc_day(now)) {
        return Err(Refused("--from must be today or later: quotes that were made are not changed".to_owned()));
    }
    for ((document, rules), file) in good.into_iter().zip(files) {
        let kept = loading::keep(&db, document, MAX_DOCUMENT_BYTES, by.to_owned(), now).await;
        kept.map_err(|refusal| complaints(file, refusal).join("\n"))?;
        if let Some(from) = from {
            loading::activate(&db, rules.name.clone(), rules.version.clone(), from, by.to_owned(), now).await?;
        }
        let state = from.map_or_else(|| "a draft".to_owned(), |from| format!("in use from {from}"));
        println!("{} loaded, {state}", rules.full_version());
    }
    db.close().await;
    Ok(())
}

pub(super) fn schema(of: Document) -> Done {
    let schema = match of {
        Document::Facts => schemas::facts(),
        Document::Rules => schemas::rules(),
    };
    let _ = writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&schema)?);
    Ok(())
}

pub(super) fn quote(file: &PathBuf, rules: &[PathBuf], form: QuoteForm) -> Done {
    let text = read(file)?;
    let mut json = serde_json::Deserializer::from_str(&text);
    let facts: Facts =
        serde_path_to_error::deserialize(&mut json).map_err(|error| format!("{}: {}: {}", file.display(), error.path(), error.inner()))?;
    let given: Vec<RuleSet> = checked(rules)?.into_iter().map(|(_, rules)| rules).collect();
    let fitting = given.iter().filter(|rules| market::fits(rules, &facts)).max_by_key(|rules| market::closeness(rules));
    if fitting.is_none() && !given.is_empty() {
        return Err(Refused("none of the rule sets is for these facts: look at carrier, day of issue and market".to_owned()));
    }
    let quote = refund_calculation::calculate(&facts, fitting.unwrap_or(RuleSet::low_cost()))?;
    match form {
        QuoteForm::Json => {
            let _ = writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&quote)?);
        }
        QuoteForm::Text => print_quote(&facts, &quote),
    }
    Ok(())
}

/// The answer as text; a reader who closes the pipe early has read enough.
fn print_quote(facts: &Facts, quote: &Quote) {
    let mut out = std::io::stdout().lock();
    let name = |no: i64| facts.tickets.iter().find(|p| p.no == no).map(|p| p.name.clone()).unwrap_or_default();
    let _ = writeln!(out, "{}", english(quote.verdict.named()));
    for reason in &quote.reasons {
        let _ = writeln!(out, "  {}", english(reason.named()));
    }
    let totals = &quote.totals;
    let lines = [
        ("line-original", Some(totals.original)),
        ("line-fare-penalty", totals.fare_penalty),
        ("line-ancillary-penalty", totals.ancillary_penalty),
        ("line-penalty", totals.penalty),
        ("line-refund", totals.refund),
        ("line-service-fee", Some(totals.service_fee)),
    ];
    for (key, amount) in lines {
        let amount = amount.map_or_else(|| "-".to_owned(), |amount| figures::money(amount, Language::English).replace('\u{a0}', " "));
        let _ = writeln!(out, "{:<36} {amount:>20}", english(Message::new(key)));
    }
    let _ = writeln!(out);
    for (place, step) in (1..).zip(explaining::trace(quote, name)) {
        let _ = writeln!(out, "{place:>3}. {} [{}]", english(step.sentence), english(step.source));
    }
    let _ = writeln!(out, "     {} {}", english(Message::new("rule-set")), quote.rule_set_version);
}
