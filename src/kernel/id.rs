//! Identifiers and secrets.

use uuid::Uuid;

/// A new identifier: a UUIDv7 as text, so that ids made later sort later.
#[must_use]
pub fn new_id() -> String {
    Uuid::now_v7().to_string()
}

/// 256 random bits as 64 hexadecimal digits, for tokens that must not be guessed.
///
/// # Panics
/// As [`random_bytes`].
#[must_use]
pub fn new_token() -> String {
    hex(&random_bytes::<32>())
}

/// Bytes that nobody can guess.
///
/// # Panics
/// When the operating system has no randomness to give: nothing can be trusted then.
#[must_use]
pub fn random_bytes<const COUNT: usize>() -> [u8; COUNT] {
    let mut bytes = [0u8; COUNT];
    assert!(getrandom::fill(&mut bytes).is_ok(), "the operating system gave no randomness");
    bytes
}

/// Bytes as lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
        text
    })
}

/// The SHA-256 of a text in hexadecimal: how tokens are stored and documents compared.
#[must_use]
pub fn digest(text: &str) -> String {
    use sha2::Digest;
    hex(&sha2::Sha256::digest(text.as_bytes()))
}
