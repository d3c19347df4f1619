//! What templates call: sentences, amounts and times in the reader's language and zone.

use std::any::Any;
use std::borrow::{Borrow, Cow};

use askama::Values;

use super::figures;
use super::words::{self, Message, Named};
use crate::kernel::language::Language;
use crate::kernel::money::Money;
use crate::kernel::time::{Date, DateTime, Timestamp};

/// Who reads the page. Given to every rendering.
#[derive(Debug, Clone)]
pub struct Reader {
    pub language: Language,
    pub zone_name: String,
    pub operator_name: String,
}

const READER: &str = "reader";

impl Values for Reader {
    fn get_value<'a>(&'a self, key: &str) -> Option<&'a dyn Any> {
        (key == READER).then_some(self as &dyn Any)
    }
}

fn reader(env: &dyn Values) -> askama::Result<&Reader> {
    askama::get_value::<Reader>(env, READER).map_err(|_| askama::Error::ValueMissing)
}

/// `{{ "booking-title"|t }}`
#[askama::filter_fn]
pub fn t(key: impl AsRef<str>, env: &dyn Values) -> askama::Result<Cow<'static, str>> {
    Ok(words::sentence(reader(env)?.language, key.as_ref()))
}

/// `{{ "desk-left"|t1("time", left) }}`
#[askama::filter_fn]
pub fn t1<V: ToString>(key: impl AsRef<str>, env: &dyn Values, name: &'static str, value: V) -> askama::Result<String> {
    Ok(Message::new(key.as_ref()).text(name, value).say(reader(env)?.language))
}

/// As [`t1`], for two.
#[askama::filter_fn]
pub fn t2<V: ToString, W: ToString>(
    key: impl AsRef<str>,
    env: &dyn Values,
    first: &'static str,
    one: V,
    second: &'static str,
    two: W,
) -> askama::Result<String> {
    Ok(Message::new(key.as_ref()).text(first, one).text(second, two).say(reader(env)?.language))
}

/// As [`t1`] with a number, so that the sentence can choose its plural.
#[askama::filter_fn]
pub fn tn<N: ToString>(key: impl AsRef<str>, env: &dyn Values, count: N) -> askama::Result<String> {
    Ok(Message::new(key.as_ref()).count("count", number(&count)).say(reader(env)?.language))
}

/// A sentence that names the operator: `{ $operator }`.
#[askama::filter_fn]
pub fn to(key: impl AsRef<str>, env: &dyn Values) -> askama::Result<String> {
    let reader = reader(env)?;
    Ok(Message::new(key.as_ref()).text("operator", &reader.operator_name).say(reader.language))
}

/// The word for a status, a role, a language …
#[askama::filter_fn]
pub fn name(value: &impl Named, env: &dyn Values) -> askama::Result<String> {
    let reader = reader(env)?;
    Ok(value.named().text("operator", &reader.operator_name).say(reader.language))
}

/// A message made by a handler.
#[askama::filter_fn]
pub fn say(message: &Message, env: &dyn Values) -> askama::Result<String> {
    let reader = reader(env)?;
    Ok(message.clone().in_zone(&reader.zone_name).text("operator", &reader.operator_name).say(reader.language))
}

/// `USD 12,345.67`
#[askama::filter_fn]
pub fn money(amount: &Money, env: &dyn Values) -> askama::Result<String> {
    Ok(figures::money(*amount, reader(env)?.language))
}

/// As [`say`], for a message that was just made.
#[askama::filter_fn]
pub fn say_of(message: Message, env: &dyn Values) -> askama::Result<String> {
    let reader = reader(env)?;
    Ok(message.in_zone(&reader.zone_name).text("operator", &reader.operator_name).say(reader.language))
}

/// As [`moment`], for an instant that was just worked out.
#[askama::filter_fn]
pub fn moment_of(at: Timestamp, env: &dyn Values) -> askama::Result<String> {
    Ok(figures::moment(at, &reader(env)?.zone_name))
}

/// As [`money`], for an amount that was just worked out.
#[askama::filter_fn]
pub fn sum(amount: Money, env: &dyn Values) -> askama::Result<String> {
    Ok(figures::money(amount, reader(env)?.language))
}

/// The amount, or a dash where there is none yet.
#[askama::filter_fn]
pub fn money_or_dash(amount: impl Borrow<Option<Money>>, env: &dyn Values) -> askama::Result<String> {
    let language = reader(env)?.language;
    Ok((*amount.borrow()).map_or_else(|| "–".to_owned(), |amount| figures::money(amount, language)))
}

/// A number with its groups, and with decimals if it has any.
#[askama::filter_fn]
pub fn figure(number: impl ToString, env: &dyn Values) -> askama::Result<String> {
    Ok(figures::figure(&number.to_string(), reader(env)?.language))
}

/// A count that may have been broken off: "999+".
#[askama::filter_fn]
pub fn counted(count: impl ToString, env: &dyn Values) -> askama::Result<String> {
    let (count, language) = (number(&count), reader(env)?.language);
    Ok(if count >= figures::COUNTED {
        format!("{}+", figures::count(figures::COUNTED - 1, language))
    } else {
        figures::count(count, language)
    })
}

/// Templates hand over whatever integer a page has, by value or by reference.
fn number(count: &impl ToString) -> i64 {
    count.to_string().parse().unwrap_or_default()
}

/// An instant in the reader's zone.
#[askama::filter_fn]
pub fn moment(at: &Timestamp, env: &dyn Values) -> askama::Result<String> {
    Ok(figures::moment(*at, &reader(env)?.zone_name))
}

/// An instant, or a dash.
#[askama::filter_fn]
pub fn moment_or_dash(at: &Option<Timestamp>, env: &dyn Values) -> askama::Result<String> {
    let reader = reader(env)?;
    Ok(at.map_or_else(|| "–".to_owned(), |at| figures::moment(at, &reader.zone_name)))
}

/// A time at an airport.
#[askama::filter_fn]
pub fn local(at: &DateTime, _env: &dyn Values) -> askama::Result<String> {
    Ok(figures::local(*at))
}

/// A day, or a dash.
#[askama::filter_fn]
pub fn day_or_dash(day: &Option<Date>, _env: &dyn Values) -> askama::Result<String> {
    Ok(day.map_or_else(|| "–".to_owned(), figures::day))
}
