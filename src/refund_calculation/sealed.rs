//! The Z value of a ticket: the part of a commission that no page, file, log or error may tell. It is sealed where it is
//! read in, opened for the arithmetic of the refund form alone, and cannot be printed in between.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, Key, KeyInit as _, Nonce};
use hmac::{Hmac, KeyInit as _, Mac};
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};

/// Bytes of the number that a sealed text begins with.
const NONCE: usize = 12;
/// The largest Z value, in hundredths of a percent: with the 3.00 that is shown no commission is more than the fare.
const MOST_POINTS: i64 = 9_700;

/// A hidden commission rate. It has no `Display`, its `Debug` tells nothing, and nothing but this calculation reads it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SealedRate(i64);

impl std::fmt::Debug for SealedRate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealedRate")
    }
}

/// With what rates are sealed.
#[derive(Clone)]
pub struct SealKey {
    cipher: Aes256Gcm,
    secret: String,
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey")
    }
}

impl SealKey {
    /// The key of a secret.
    #[must_use]
    pub fn of(secret: &str) -> Self {
        let key: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
        Self { cipher: Aes256Gcm::new(&Key::<Aes256Gcm>::from(key)), secret: secret.to_owned() }
    }

    /// By which two records are compared without keeping either: who has not the key cannot guess a rate from it.
    #[must_use]
    pub fn fingerprint(&self, record: &str) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()) else { return String::new() };
        mac.update(record.as_bytes());
        crate::kernel::id::hex(&mac.finalize().into_bytes())
    }
}

/// A Z value that could not be read. It does not repeat what stood there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

impl SealedRate {
    /// No Z value.
    pub const NONE: Self = Self(0);

    /// Reads percent with at most two decimals, from 0.00 to 97.00.
    ///
    /// # Errors
    /// `Unreadable`
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let percent: Decimal = text.trim().parse().map_err(|_| Unreadable)?;
        let points = percent.checked_mul(Decimal::ONE_HUNDRED).ok_or(Unreadable)?;
        if !points.fract().is_zero() {
            return Err(Unreadable);
        }
        let points = i64::try_from(points.trunc()).map_err(|_| Unreadable)?;
        if (0..=MOST_POINTS).contains(&points) { Ok(Self(points)) } else { Err(Unreadable) }
    }

    /// Whether there is no Z value.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// As text that only [`SealedRate::open`] reads, with the same key and for the same owner. `nonce` is never used twice.
    ///
    /// # Errors
    /// `Unreadable` when it cannot be sealed.
    pub fn seal(self, key: &SealKey, owner: &str, nonce: [u8; NONCE]) -> Result<String, Unreadable> {
        let payload = Payload { msg: &self.0.to_be_bytes(), aad: owner.as_bytes() };
        let sealed = key.cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| Unreadable)?;
        Ok(crate::kernel::id::hex(&[nonce.as_slice(), &sealed].concat()))
    }

    /// What [`SealedRate::seal`] sealed.
    ///
    /// # Errors
    /// `Unreadable` for another key, another owner or another text.
    pub fn open(key: &SealKey, owner: &str, text: &str) -> Result<Self, Unreadable> {
        let bytes = unhex(text).ok_or(Unreadable)?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE).ok_or(Unreadable)?;
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| Unreadable)?;
        let payload = Payload { msg: sealed, aad: owner.as_bytes() };
        let plain = key.cipher.decrypt(&Nonce::from(nonce), payload).map_err(|_| Unreadable)?;
        plain.try_into().map(|bytes| Self(i64::from_be_bytes(bytes))).map_err(|_| Unreadable)
    }

    /// Hundredths of a percent, for the arithmetic beside this file.
    pub(super) const fn points(self) -> i64 {
        self.0
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_opened_by_its_key_for_its_owner_only() {
        let (key, rate) = (SealKey::of("secret"), SealedRate::parse("4.37").expect("a rate"));
        let sealed = rate.seal(&key, "ticket", [7; NONCE]).expect("sealed");
        assert_eq!(SealedRate::open(&key, "ticket", &sealed), Ok(rate));
        assert_eq!(SealedRate::open(&key, "another", &sealed), Err(Unreadable));
        assert_eq!(SealedRate::open(&SealKey::of("other"), "ticket", &sealed), Err(Unreadable));
        assert_eq!(SealedRate::open(&key, "ticket", &sealed[2..]), Err(Unreadable));
        assert_eq!(SealedRate::open(&key, "ticket", "é"), Err(Unreadable));
    }

    #[test]
    fn a_rate_tells_nothing_of_itself() {
        let rate = SealedRate::parse("4.37").expect("a rate");
        assert!(!format!("{rate:?}").contains('4'));
        for text in ["", "x", "-1", "97.01", "4.375"] {
            assert_eq!(SealedRate::parse(text), Err(Unreadable), "{text}");
        }
    }
}
