//! Every sentence a person reads, in their language (Fluent files in `locales/`).

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use serde::{Deserialize, Serialize};

use crate::kernel::language::Language;
use crate::kernel::time::Timestamp;

#[derive(rust_embed::RustEmbed)]
#[folder = "locales/"]
struct Locales;

/// A sentence by its key, with what is to be filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub key: String,
    #[serde(default)]
    pub fills: Vec<(Cow<'static, str>, Fill)>,
}

/// What a sentence is filled with: text as it is, or figures that are written as the language does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fill {
    Text(String),
    Count(i64),
    Money(crate::kernel::money::Money),
    /// A number with decimals, plainly: `0.137917`.
    Figure(String),
    /// An instant, told in the reader's zone.
    Moment(Timestamp),
    /// Another message, such as the name of a status.
    Word(Box<Message>),
}

impl Message {
    /// A sentence with nothing to fill in.
    #[must_use]
    pub fn new(key: impl Into<String>) -> Self {
        Self { key: key.into(), fills: Vec::new() }
    }

    /// Fills in a text.
    #[must_use]
    pub fn text(mut self, name: &'static str, text: impl ToString) -> Self {
        self.fills.push((name.into(), Fill::Text(text.to_string())));
        self
    }

    /// Fills in a number.
    #[must_use]
    pub fn count(mut self, name: &'static str, count: i64) -> Self {
        self.fills.push((name.into(), Fill::Count(count)));
        self
    }

    /// Fills in an amount.
    #[must_use]
    pub fn money(mut self, name: &'static str, amount: crate::kernel::money::Money) -> Self {
        self.fills.push((name.into(), Fill::Money(amount)));
        self
    }

    /// Fills in a number that may have decimals, such as a rate or a percentage.
    #[must_use]
    pub fn figure(mut self, name: &'static str, figure: rust_decimal::Decimal) -> Self {
        self.fills.push((name.into(), Fill::Figure(figure.to_string())));
        self
    }

    /// Fills in another message.
    #[must_use]
    pub fn word(mut self, name: &'static str, word: Message) -> Self {
        self.fills.push((name.into(), Fill::Word(Box::new(word))));
        self
    }

    /// Fills in an instant.
    #[must_use]
    pub fn moment(mut self, name: &'static str, at: Timestamp) -> Self {
        self.fills.push((name.into(), Fill::Moment(at)));
        self
    }

    /// The message with its instants told in a zone.
    #[must_use]
    pub fn in_zone(mut self, zone_name: &str) -> Self {
        for (_, fill) in &mut self.fills {
            if let Fill::Moment(at) = fill {
                *fill = Fill::Text(super::figures::moment(*at, zone_name));
            }
        }
        self
    }

    /// The sentence in a language; its instants are told in UTC, unless [`Message::in_zone`] was told another.
    #[must_use]
    pub fn say(&self, language: Language) -> String {
        if let Some(plain) = sentences(language).plain.get(&self.key) {
            return plain.clone();
        }
        let mut arguments = FluentArgs::new();
        for (name, fill) in &self.fills {
            let value = match fill {
                Fill::Text(text) => FluentValue::from(text.clone()),
                Fill::Count(count) => FluentValue::from(*count),
                Fill::Money(amount) => FluentValue::from(super::figures::money(*amount, language)),
                Fill::Figure(plain) => FluentValue::from(super::figures::figure(plain, language)),
                Fill::Moment(at) => FluentValue::from(format!("{} UTC", super::figures::moment(*at, "UTC"))),
                Fill::Word(word) => FluentValue::from(word.say(language)),
            };
            arguments.set(name.as_ref(), value);
        }
        format_message(language, &self.key, Some(&arguments))
    }
}

impl From<&str> for Message {
    fn from(key: &str) -> Self {
        Self::new(key)
    }
}

/// Something that a status tag or a heading names: the key under which its word stands in every language.
pub trait Named {
    fn name_key(&self) -> String;

    /// Its word as a message.
    fn named(&self) -> Message {
        Message::new(self.name_key())
    }
}

impl<T: Named + ?Sized> Named for &T {
    fn name_key(&self) -> String {
        (**self).name_key()
    }
}

/// Gives enums of [`crate::text_column!`] the keys `prefix-word`.
#[macro_export]
macro_rules! named {
    ($($name:ty = $prefix:literal),+ $(,)?) => {$(
        impl $crate::web::words::Named for $name {
            fn name_key(&self) -> String { format!(concat!($prefix, "-{}"), self.word()) }
        }
    )+};
}

named!(Language = "language", crate::kernel::actor::Role = "role");

/// The sentences of a language.
struct Sentences {
    bundle: FluentBundle<FluentResource>,
    /// Those into which nothing is filled, as they are read: most of a page is made of them.
    plain: HashMap<String, String>,
}

/// The mark of a missing sentence; a test fails where any page shows it.
pub const MISSING: &str = "⟦?⟧";

fn sentences(language: Language) -> &'static Sentences {
    static ALL: OnceLock<Vec<Sentences>> = OnceLock::new();
    let all = ALL.get_or_init(|| Language::ALL.iter().map(|language| read_sentences(*language)).collect());
    &all[language as usize]
}

fn read_sentences(language: Language) -> Sentences {
    let mut bundle = FluentBundle::new_concurrent(language.word().parse().into_iter().collect());
    // Isolating marks would break copied order numbers.
    bundle.set_use_isolating(false);
    let mut keys: Vec<String> = Vec::new();
    for file in resources(language) {
        keys.extend(file.lines().filter_map(|line| line.split_once(" =")).map(|(key, _)| key.to_owned()));
        // A file that does not parse wholly still gives its good sentences; the tests name the bad ones.
        let resource = FluentResource::try_new(file).unwrap_or_else(|(resource, _)| resource);
        let _ = bundle.add_resource(resource);
    }
    let plain = keys.into_iter().filter_map(|key| {
        let pattern = bundle.get_message(&key)?.value()?;
        let mut missing = Vec::new();
        let text = bundle.format_pattern(pattern, None, &mut missing).into_owned();
        missing.is_empty().then_some((key, text))
    });
    Sentences { plain: plain.collect(), bundle }
}

/// The Fluent sources of a language.
#[must_use]
pub fn resources(language: Language) -> Vec<String> {
    let folder = format!("{}/", language.word());
    Locales::iter()
        .filter(|path| path.starts_with(&folder))
        .filter_map(|path| Locales::get(&path))
        .map(|file| String::from_utf8_lossy(&file.data).into_owned())
        .collect()
}

fn format_message(language: Language, key: &str, arguments: Option<&FluentArgs<'_>>) -> String {
    let bundle = &sentences(language).bundle;
    let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
        tracing::error!(key, %language, "a sentence is missing");
        return format!("{MISSING}{key}");
    };
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, arguments, &mut errors);
    if !errors.is_empty() {
        tracing::error!(key, %language, ?errors, "a sentence could not be filled in");
    }
    text.into_owned()
}

/// A sentence without fills.
#[must_use]
pub fn sentence(language: Language, key: &str) -> Cow<'static, str> {
    match sentences(language).plain.get(key) {
        Some(plain) => Cow::Borrowed(plain),
        None => Cow::Owned(format_message(language, key, None)),
    }
}

/// As [`sentence`], for a list of texts.
#[must_use]
pub fn say(language: Language, key: &str) -> String {
    sentence(language, key).into_owned()
}
