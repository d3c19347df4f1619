//! Passwords: argon2id with 46 MiB and two passes, off the threads that serve, at most two at a time.

use std::sync::OnceLock;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;

use crate::web::words::Message;

/// Memory of one hash in KiB (OWASP's recommendation for two passes and one lane).
const MEMORY_KIB: u32 = 46 * 1024;
const PASSES: u32 = 2;
const MIN_CHARS: usize = 12;
const MAX_CHARS: usize = 200;
const AT_ONCE: usize = 2;

fn hasher() -> Option<Argon2<'static>> {
    Params::new(MEMORY_KIB, PASSES, 1, None).ok().map(|params| Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// A password that is long enough.
///
/// # Errors
/// A sentence when it is shorter than 12 or longer than 200 characters.
pub fn parse(text: &str) -> Result<String, Message> {
    if (MIN_CHARS..=MAX_CHARS).contains(&text.chars().count()) {
        Ok(text.to_owned())
    } else {
        Err(Message::new("password-length").count("min", 12).count("max", 200))
    }
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> Option<T> + Send + 'static) -> Option<T> {
    static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);
    let _place = PLACES.acquire().await.ok()?;
    tokio::task::spawn_blocking(work).await.ok().flatten()
}

/// The hash to keep, or nothing when there is no memory for it.
pub async fn hash(password: String) -> Option<String> {
    off_thread(move || hasher()?.hash_password(password.as_bytes()).ok().map(|hash| hash.to_string())).await
}

/// Whether the password fits the hash. Without a hash it takes just as long and the answer is no.
pub async fn fits(password: String, hash: Option<String>) -> bool {
    let check = move || {
        let known = hash.is_some();
        let hash = hash.or_else(|| decoy().map(ToOwned::to_owned))?;
        let right = hasher()?.verify_password(password.as_bytes(), hash.as_str()).is_ok();
        Some(known && right)
    };
    off_thread(check).await.unwrap_or(false)
}

/// The hash of a password that nobody has, so that an unknown account costs the same as a known one.
fn decoy() -> Option<&'static str> {
    static DECOY: OnceLock<Option<String>> = OnceLock::new();
    DECOY.get_or_init(|| hasher()?.hash_password(crate::kernel::id::new_token().as_bytes()).ok().map(|hash| hash.to_string())).as_deref()
}
