//! Amounts of money: whole minor units of one currency, checked, never a float.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

pub use super::currency::{BadCurrency, Currency};

/// Why an amount or a currency was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MoneyError {
    BadCurrency(BadCurrency),
    /// Not a decimal number.
    BadAmount(String),
    /// More decimals than the currency has.
    TooPrecise {
        amount: String,
        currency: Currency,
    },
    /// Outside of what 64 bits of minor units hold.
    TooLarge,
    /// Two currencies in one sum.
    Mixed(Currency, Currency),
}

impl std::fmt::Display for MoneyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BadCurrency(bad) => bad.fmt(f),
            Self::BadAmount(text) => write!(f, "“{text}” is not an amount, such as 12.50"),
            Self::TooPrecise { amount, currency } => {
                write!(f, "{amount} has more decimals than {currency} has ({})", currency.exponent())
            }
            Self::TooLarge => f.write_str("the amount is too large"),
            Self::Mixed(a, b) => write!(f, "{a} and {b} cannot be added"),
        }
    }
}

impl std::error::Error for MoneyError {}

impl From<BadCurrency> for MoneyError {
    fn from(bad: BadCurrency) -> Self {
        Self::BadCurrency(bad)
    }
}

/// How a division ends when it does not come out even. Never banker's rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    HalfUp,
    Up,
    Down,
}

impl Rounding {
    const fn strategy(self) -> RoundingStrategy {
        match self {
            Self::HalfUp => RoundingStrategy::MidpointAwayFromZero,
            Self::Up => RoundingStrategy::AwayFromZero,
            Self::Down => RoundingStrategy::ToZero,
        }
    }
}

/// An amount in minor units (cents, or whole đồng) of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

impl Money {
    /// So many minor units.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing of this currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// An amount given in major units, exactly.
    ///
    /// # Errors
    /// `TooPrecise` when it has more decimals than the currency, `TooLarge` beyond 64 bits.
    pub fn exactly(amount: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        let scaled = scaled(amount, currency)?;
        if !scaled.fract().is_zero() {
            return Err(MoneyError::TooPrecise { amount: amount.normalize().to_string(), currency });
        }
        Ok(Self { minor: whole(scaled)?, currency })
    }

    /// An amount given in major units, rounded once to the minor unit.
    ///
    /// # Errors
    /// `TooLarge` beyond 64 bits.
    pub fn rounded(amount: Decimal, currency: Currency, rounding: Rounding) -> Result<Self, MoneyError> {
        let minor = scaled(amount, currency)?.round_dp_with_strategy(0, rounding.strategy());
        Ok(Self { minor: whole(minor)?, currency })
    }

    /// An amount given in major units, rounded once to a multiple of `unit` minor units.
    ///
    /// # Errors
    /// `TooLarge` beyond 64 bits.
    pub fn rounded_to(amount: Decimal, currency: Currency, rounding: Rounding, unit: i64) -> Result<Self, MoneyError> {
        let unit = Decimal::from(unit.max(1));
        let units = scaled(amount, currency)?.checked_div(unit).ok_or(MoneyError::TooLarge)?;
        let rounded = units.round_dp_with_strategy(0, rounding.strategy()).checked_mul(unit).ok_or(MoneyError::TooLarge)?;
        Ok(Self { minor: whole(rounded)?, currency })
    }

    /// Reads what a person typed: `1234.50`, also with thousands in groups: `1,234.50`, `1 234.50` and, in currencies
    /// without decimals, `1.919.000`. A comma before anything but three digits is refused, because it may mean decimals.
    ///
    /// # Errors
    /// `BadAmount`, `TooPrecise` or `TooLarge`.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let bad = || MoneyError::BadAmount(text.to_owned());
        let tight: String = text.trim().chars().filter(|c| !matches!(c, ' ' | '\u{a0}' | '\u{202f}')).collect();
        let (whole, decimals) = if currency.exponent() == 0 { (tight.as_str(), None) } else { split_decimals(&tight) };
        let marks: &[char] = if currency.exponent() == 0 { &[',', '.'] } else { &[','] };
        let plain = if is_grouped(whole, marks) { whole.replace(marks, "") } else { whole.to_owned() };
        let plain = decimals.map_or_else(|| plain.clone(), |decimals| format!("{plain}.{decimals}"));
        let amount: Decimal = if plain.contains(',') { None } else { plain.parse().ok() }.ok_or_else(bad)?;
        Self::exactly(amount, currency)
    }

    /// The amount in major units.
    #[must_use]
    pub fn decimal(self) -> Decimal {
        Decimal::new(self.minor, self.currency.exponent())
    }

    /// The sum.
    ///
    /// # Errors
    /// `Mixed` for two currencies, `TooLarge` on overflow.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.minor.checked_add(other.minor).map(|minor| Self { minor, ..self }).ok_or(MoneyError::TooLarge)
    }

    /// The difference, which may be below zero.
    ///
    /// # Errors
    /// As [`Money::plus`].
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.minor.checked_sub(other.minor).map(|minor| Self { minor, ..self }).ok_or(MoneyError::TooLarge)
    }

    /// `numerator / denominator` of it, rounded once to a multiple of `unit` minor units. Nothing of it for a
    /// denominator of zero.
    ///
    /// # Errors
    /// `TooLarge` on overflow.
    pub fn ratio(self, numerator: i64, denominator: i64, rounding: Rounding, unit: i64) -> Result<Self, MoneyError> {
        let unit = i128::from(unit.max(1));
        let divisor = i128::from(denominator).checked_mul(unit).ok_or(MoneyError::TooLarge)?;
        if divisor == 0 {
            return Ok(Self { minor: 0, ..self });
        }
        let dividend = i128::from(self.minor) * i128::from(numerator);
        let (sign, dividend, divisor) = (dividend.signum() * divisor.signum(), dividend.abs(), divisor.abs());
        let (whole, rest) = (dividend / divisor, dividend % divisor);
        let goes_up = match rounding {
            Rounding::HalfUp => rest >= divisor - rest,
            Rounding::Up => rest > 0,
            Rounding::Down => false,
        };
        let units = sign * (whole + i128::from(goes_up && rest > 0));
        let minor = units.checked_mul(unit).and_then(|minor| i64::try_from(minor).ok()).ok_or(MoneyError::TooLarge)?;
        Ok(Self { minor, ..self })
    }

    /// The smaller of two amounts of one currency.
    #[must_use]
    pub fn at_most(self, cap: Self) -> Self {
        Self { minor: self.minor.min(cap.minor), ..self }
    }

    /// The larger of two amounts of one currency.
    #[must_use]
    pub fn at_least(self, floor: Self) -> Self {
        Self { minor: self.minor.max(floor.minor), ..self }
    }

    /// Whether it is exactly nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency { Ok(()) } else { Err(MoneyError::Mixed(self.currency, other.currency)) }
    }
}

fn split_decimals(text: &str) -> (&str, Option<&str>) {
    text.split_once('.').map_or((text, None), |(whole, decimals)| (whole, Some(decimals)))
}

/// `1,234,567`: one to three digits, then groups of three after one and the same mark.
fn is_grouped(text: &str, marks: &[char]) -> bool {
    let digits = text.trim_start_matches(['-', '+']);
    let Some(mark) = digits.chars().find(|sign| marks.contains(sign)) else { return false };
    let groups: Vec<&str> = digits.split(mark).collect();
    let is_number = |group: &&str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit());
    groups.iter().all(is_number) && groups[0].len() <= 3 && groups[1..].iter().all(|group| group.len() == 3)
}

fn scaled(amount: Decimal, currency: Currency) -> Result<Decimal, MoneyError> {
    amount.checked_mul(Decimal::from(10u32.pow(currency.exponent()))).ok_or(MoneyError::TooLarge)
}

fn whole(amount: Decimal) -> Result<i64, MoneyError> {
    i64::try_from(amount.trunc()).map_err(|_| MoneyError::TooLarge)
}

/// The exact form of programs: `USD 12345.67`.
impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.currency, self.decimal())
    }
}

impl schemars::JsonSchema for Money {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Money".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let currency = generator.subschema_for::<Currency>();
        schemars::json_schema!({
            "type": "object",
            "description": "The amount is text in major units, with no more decimals than the currency has.",
            "properties": { "amount": { "type": "string" }, "currency": currency },
            "required": ["amount", "currency"]
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Written {
    amount: String,
    currency: Currency,
}

/// As JSON: `{"amount": "74.99", "currency": "USD"}`; the amount is text, so that no reader makes it a float.
impl Serialize for Money {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Written { amount: self.decimal().to_string(), currency: self.currency }.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(from)?;
        // Documents are written by programs: no groups, no blanks, nothing to guess.
        let amount: Decimal =
            written.amount.parse().map_err(|_| serde::de::Error::custom(MoneyError::BadAmount(written.amount.clone())))?;
        Self::exactly(amount, written.currency).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).expect("a currency")
    }

    #[test]
    fn amounts_keep_their_currency_s_decimals() {
        assert_eq!(Money::parse("1,234.5", Currency::USD), Ok(Money::new(123_450, Currency::USD)));
        assert_eq!(Money::parse("145.985", currency("KWD")), Ok(Money::new(145_985, currency("KWD"))));
        assert_eq!(Money::parse("12500", currency("VND")), Ok(Money::new(12_500, currency("VND"))));
        assert_eq!(Money::parse("1.919.000", currency("VND")), Ok(Money::new(1_919_000, currency("VND"))));
        assert_eq!(Money::parse("1,919,000", currency("VND")), Ok(Money::new(1_919_000, currency("VND"))));
        assert_eq!(Money::parse("-1,234.5", Currency::USD), Ok(Money::new(-123_450, Currency::USD)));
        // Who writes decimals with a comma must not be read as a hundred times as much.
        for typed in ["74,99", "1,23,456", "1,234,56", ",5", "1.234,56", "1,2345"] {
            assert!(matches!(Money::parse(typed, Currency::USD), Err(MoneyError::BadAmount(_))), "{typed}");
        }
        assert!(matches!(Money::parse("1.919,000", currency("VND")), Err(MoneyError::BadAmount(_))));
        assert!(matches!(Money::parse("0.5", currency("JPY")), Err(MoneyError::TooPrecise { .. })));
        assert!(matches!(Money::parse("12.5O", Currency::USD), Err(MoneyError::BadAmount(_))));
        assert!(matches!(Money::parse("99999999999999999999", Currency::USD), Err(MoneyError::TooLarge)));
        assert_eq!(Money::new(-5, Currency::USD).to_string(), "USD -0.05");
    }

    #[test]
    fn halves_go_up_never_to_even() {
        let half = |text: &str| Money::rounded(text.parse().expect("a number"), Currency::USD, Rounding::HalfUp).map(|m| m.minor);
        assert_eq!(half("0.125"), Ok(13));
        assert_eq!(half("0.135"), Ok(14));
        assert_eq!(half("-0.125"), Ok(-13));
        assert_eq!(Money::new(760, Currency::USD).ratio(500, 10_000, Rounding::HalfUp, 1), Ok(Money::new(38, Currency::USD)));
    }
}
