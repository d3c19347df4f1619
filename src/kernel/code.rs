//! Short codes of the trade: airports, carriers, booking classes, fare bases, tax codes, countries.

use serde::{Deserialize, Serialize};

/// Up to 15 ASCII letters, digits and `*`, `-`, `/` or `.`, in upper case. Copied, never allocated.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Code {
    text: [u8; 15],
    length: u8,
}

/// A text that is no code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadCode(pub String);

impl std::fmt::Display for BadCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "“{}” is not a code of 1 to 15 letters and digits", self.0)
    }
}

impl std::error::Error for BadCode {}

impl Code {
    /// Reads a code; case does not matter.
    ///
    /// # Errors
    /// When it is empty, too long or has other characters.
    pub fn parse(text: &str) -> Result<Self, BadCode> {
        let bytes = text.trim().as_bytes();
        let good = |byte: &u8| byte.is_ascii_alphanumeric() || b"*-/.".contains(byte);
        if bytes.is_empty() || bytes.len() > 15 || !bytes.iter().all(good) {
            return Err(BadCode(text.to_owned()));
        }
        let mut code = Self { text: [0; 15], length: 0 };
        for byte in bytes {
            code.text[usize::from(code.length)] = byte.to_ascii_uppercase();
            code.length += 1;
        }
        Ok(code)
    }

    /// The code as text; empty for the default code.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text.get(..usize::from(self.length)).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    /// Whether this code, read as a pattern that may end in `*`, covers another.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match self.text().strip_suffix('*') {
            Some(beginning) => other.text().starts_with(beginning),
            None => self == other,
        }
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

impl std::str::FromStr for Code {
    type Err = BadCode;
    fn from_str(text: &str) -> Result<Self, BadCode> {
        Self::parse(text)
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.text())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Code {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Code".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A code of the trade: airport, carrier, booking class, fare basis, tax, country. In patterns it may end in *.",
            "pattern": "^[A-Za-z0-9*./-]{1,15}$"
        })
    }
}
