//! The number of a BSP ticket: three digits of the airline, ten of the document.

use crate::kernel::folding::fold_identifier;

/// A ticket number of 13 digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TicketNumber(String);

/// What was given is not a ticket number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotATicketNumber;

impl TicketNumber {
    /// Reads `784-5805431488`, also without the dash.
    ///
    /// # Errors
    /// When it is anything but 13 digits.
    pub fn parse(text: &str) -> Result<Self, NotATicketNumber> {
        let folded = fold_identifier(text);
        let digits = match folded.split_once('-') {
            Some((airline, document)) if airline.len() == 3 && !document.contains('-') => format!("{airline}{document}"),
            Some(_) => return Err(NotATicketNumber),
            None => folded,
        };
        if digits.len() == 13 && digits.bytes().all(|byte| byte.is_ascii_digit()) { Ok(Self(digits)) } else { Err(NotATicketNumber) }
    }

    /// The 13 digits.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// The airline's three digits.
    #[must_use]
    pub fn airline(&self) -> &str {
        &self.0[..3]
    }

    /// The ten digits of the document.
    #[must_use]
    pub fn document(&self) -> &str {
        &self.0[3..]
    }

    /// The check digits that carriers print as a 14th: of all 13 digits, or of the document alone.
    #[must_use]
    pub fn check_digits(&self) -> [u8; 2] {
        [remainder(&self.0), remainder(self.document())]
    }

    /// The next number of a conjunction set, `nth` tickets further on.
    #[must_use]
    pub fn plus(&self, nth: u64) -> Option<Self> {
        let document = self.document().parse::<u64>().ok()? + nth;
        (document < 10_000_000_000).then(|| Self(format!("{}{document:010}", self.airline())))
    }
}

fn remainder(digits: &str) -> u8 {
    digits.bytes().fold(0, |rest, digit| (rest * 10 + (digit - b'0')) % 7)
}

impl std::fmt::Display for TicketNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.airline(), self.document())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_with_and_without_the_dash() {
        for text in ["784-5805431488", "7845805431488", " 784-5805431488 ", "７８４-5805431488"] {
            assert_eq!(TicketNumber::parse(text).expect("a number").to_string(), "784-5805431488", "{text}");
        }
        for text in ["", "784-580543148", "784-58054314881", "7845-805431488", "784-580543148A", "784--805431488"] {
            assert_eq!(TicketNumber::parse(text), Err(NotATicketNumber), "{text}");
        }
    }

    #[test]
    fn check_digits_are_remainders_of_seven() {
        let of = |text: &str| TicketNumber::parse(text).expect("a number").check_digits();
        assert_eq!(of("390-5822054200")[0], 3);
        assert_eq!(of("082-1085809732")[0], 6);
        assert_eq!(of("055-8470038327")[1], 2);
    }
}
