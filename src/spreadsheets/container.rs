//! What a file really is, by its first bytes, and whether a workbook's parts are safe to read.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::reading::Bounds;
use crate::web::words::Message;

/// What a file turns out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    Workbook,
    Text,
}

const ZIP: &[u8] = b"PK\x03\x04";
const COMPOUND: &[u8] = b"\xD0\xCF\x11\xE0";
/// The name of the stream in which a workbook is kept under a password, in the two bytes a letter that names have there.
const ENCRYPTED: &str = "EncryptedPackage";

/// Tells a workbook from text, and both from what cannot be read.
///
/// # Errors
/// A sentence that says what it is and what to do.
pub fn container_of(bytes: &[u8]) -> Result<Container, Message> {
    if bytes.is_empty() {
        return Err(Message::new("sheet-empty"));
    }
    if bytes.starts_with(ZIP) {
        return Ok(Container::Workbook);
    }
    if bytes.starts_with(COMPOUND) {
        let name: Vec<u8> = ENCRYPTED.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let encrypted = bytes.windows(name.len()).any(|window| window == name);
        return Err(Message::new(if encrypted { "sheet-password" } else { "sheet-old-excel" }));
    }
    let start = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    let begins = |word: &[u8]| start.len() >= word.len() && start[..word.len()].eq_ignore_ascii_case(word);
    if begins(b"<html") || begins(b"<!doctype") || begins(b"<table") || begins(b"<?xml") {
        return Err(Message::new("sheet-html"));
    }
    let is_utf16 = bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF");
    if !is_utf16 && bytes.contains(&0) {
        return Err(Message::new("sheet-not-a-spreadsheet"));
    }
    Ok(Container::Text)
}

/// Reads every part of a workbook to its end, counting, before anything builds something of it.
///
/// # Errors
/// A sentence: too large once unpacked, macros, links to other files, an entity that could grow, or damaged.
pub fn check_parts(bytes: &[u8], bounds: &Bounds) -> Result<(), Message> {
    let damaged = || Message::new("sheet-damaged");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    if archive.len() > bounds.max_parts {
        return Err(Message::new("sheet-too-large-inside").count("megabytes", bounds.megabytes_inside()));
    }
    let mut rest = bounds.max_inflated_bytes;
    let (mut is_workbook, mut is_open_document) = (false, false);
    for nth in 0..archive.len() {
        let mut part = archive.by_index(nth).map_err(|_| damaged())?;
        let name = part.name().map_err(|_| damaged())?.to_ascii_lowercase();
        is_workbook |= name == "xl/workbook.xml";
        is_open_document |= name == "content.xml";
        if name.ends_with("vbaproject.bin") || name.contains("macrosheets/") {
            return Err(Message::new("sheet-macros"));
        }
        if name.contains("externallinks/") {
            return Err(Message::new("sheet-external-links"));
        }
        let is_text = matches!(name.rsplit('.').next(), Some("xml" | "rels"));
        rest = read_part(&mut part, is_text, rest, bounds, damaged)?;
    }
    match (is_workbook, is_open_document) {
        (true, _) => Ok(()),
        (false, true) => Err(Message::new("sheet-open-document")),
        (false, false) => Err(Message::new("sheet-not-a-spreadsheet")),
    }
}

/// Reads one part and answers how many bytes may still come.
fn read_part(part: &mut impl Read, is_text: bool, mut rest: u64, bounds: &Bounds, damaged: impl Fn() -> Message) -> Result<u64, Message> {
    const DOCTYPE: &[u8] = b"<!DOCTYPE";
    let mut buffer = vec![0u8; 64 * 1024];
    let mut kept = 0;
    loop {
        let count = part.read(&mut buffer[kept..]).map_err(|_| damaged())?;
        if count == 0 {
            return Ok(rest);
        }
        let length = u64::try_from(count).unwrap_or(u64::MAX);
        rest =
            rest.checked_sub(length).ok_or_else(|| Message::new("sheet-too-large-inside").count("megabytes", bounds.megabytes_inside()))?;
        let filled = kept + count;
        if is_text && buffer[..filled].windows(DOCTYPE.len()).any(|window| window.eq_ignore_ascii_case(DOCTYPE)) {
            return Err(Message::new("sheet-damaged"));
        }
        // What a word may have begun with at the end of this piece is looked at again with the next.
        kept = filled.min(DOCTYPE.len() - 1);
        buffer.copy_within(filled - kept..filled, 0);
    }
}
