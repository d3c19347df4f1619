//! Long documents that resemble each other, kept short in a TEXT column: a quote of 9 kB takes one.
//!
//! A packed text is `1:` and the base64 of an LZ4 block, with the length of the text before it. The block refers to a
//! sample that both sides know: the file `packing-1.txt`. What is packed can only be read with the same sample, byte for
//! byte, so that file never changes; a better one would be `packing-2.txt`. Texts from before there was packing are JSON,
//! begin with a bracket, and are read as they stand.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use lz4_flex::block::{compress_prepend_size_with_dict, decompress_with_dict, uncompressed_size};

use super::decode;

const MARK: &str = "1:";
const SAMPLE: &[u8] = include_bytes!("packing-1.txt");

/// Bytes of the longest text that is unpacked: the length in a damaged row is not believed beyond this.
const LONGEST: usize = 16 << 20;

/// A document as it is kept.
#[must_use]
pub fn pack(text: &str) -> String {
    let mut packed = String::from(MARK);
    STANDARD_NO_PAD.encode_string(compress_prepend_size_with_dict(text.as_bytes(), SAMPLE), &mut packed);
    packed
}

/// The document that was kept.
///
/// # Errors
/// When the row is damaged.
pub fn unpack(kept: String) -> Result<String, sqlx::Error> {
    let Some(packed) = kept.strip_prefix(MARK) else { return Ok(kept) };
    let bytes = STANDARD_NO_PAD.decode(packed).map_err(decode)?;
    let (length, block) = uncompressed_size(&bytes).map_err(decode)?;
    if length > LONGEST {
        return Err(decode(format!("a packed text of {length} bytes")));
    }
    String::from_utf8(decompress_with_dict(block, length, SAMPLE).map_err(decode)?).map_err(decode)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_kept_before_is_read_as_it_stands() {
        assert_eq!(unpack("{\"a\": 1}".to_owned()).expect("text"), "{\"a\": 1}");
    }

    #[test]
    fn the_sample_is_for_ever() {
        // Rows refer to it by place: a changed byte would change what they say.
        let kept = "1:ZQAAAA8fDSIA1wIHNwQAOwgMHw3QWkhBTkcvU0FOIn1dfQ";
        assert_eq!(
            unpack(kept.to_owned()).expect("text"),
            r#"{"verdict":"accurate-quote","reasons":[],"currency":"VND","passengers":[{"no":1,"name":"ZHANG/SAN"}]}"#
        );
    }

    #[test]
    fn damage_is_noticed() {
        let packed = pack(r#"{"verdict":"accurate-quote"}"#);
        for kept in ["1:", "1:AA", "1:****", "1://///w", &packed[..packed.len() - 3]] {
            assert!(unpack(kept.to_owned()).is_err(), "{kept}");
        }
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in "\\PC{0,2000}", place in 0..SAMPLE.len() / 2) {
            let text = format!("{text}{}{text}", String::from_utf8_lossy(&SAMPLE[place..place * 2]));
            prop_assert_eq!(unpack(pack(&text)).expect("text"), text);
        }
    }
}
