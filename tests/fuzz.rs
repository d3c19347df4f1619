//! What people and machines hand in, damaged at random: read or refused with a sentence, never a panic. A few seconds of
//! it in every run; AFTERFARE_TEST_FUZZ_SECONDS says how long, for each of the readers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::chance::{Chance, number};

#[path = "../fuzz/readers.rs"]
mod readers;

/// Bytes in which readers see more than a letter.
const SIGNS: [&[u8]; 24] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b":",
    b",",
    b"null",
    b"-",
    b"9223372036854775808",
    b"1e999",
    b"0.1",
    b"\0",
    b"\xff\xfe",
    b"\xe2\x80\xae",
    b"\xf0\x9f\x9b\xab",
    b"%00",
    b"&",
    b"/",
    b"\r\n",
    b"=",
];

/// What is done to a text: where, in thousandths of its length, and what.
#[derive(Debug, Clone)]
enum Damage {
    Flip { at: usize, by: u8 },
    Cut { at: usize, length: usize },
    Repeat { at: usize, length: usize, times: usize },
    Sign { at: usize, sign: usize },
    End { at: usize },
}

fn damage() -> impl Strategy<Value = Vec<Damage>> {
    let at = || 0usize..1000;
    let one = prop_oneof![
        3 => (at(), any::<u8>()).prop_map(|(at, by)| Damage::Flip { at, by }),
        2 => (at(), 1usize..40).prop_map(|(at, length)| Damage::Cut { at, length }),
        1 => (at(), 1usize..200, 1usize..50).prop_map(|(at, length, times)| Damage::Repeat { at, length, times }),
        4 => (at(), 0..SIGNS.len()).prop_map(|(at, sign)| Damage::Sign { at, sign }),
        1 => at().prop_map(|at| Damage::End { at }),
    ];
    prop::collection::vec(one, 0..6)
}

fn damaged(sample: &[u8], all: &[Damage]) -> Vec<u8> {
    let mut bytes = sample.to_vec();
    for damage in all {
        let place = |at: usize| at * bytes.len() / 1000;
        match *damage {
            Damage::Flip { at, by } => {
                let at = place(at);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= by;
                }
            }
            Damage::Cut { at, length } => {
                let from = place(at);
                bytes.drain(from..(from + length).min(bytes.len()));
            }
            Damage::Repeat { at, length, times } => {
                let from = place(at);
                let piece = bytes[from..(from + length).min(bytes.len())].repeat(times);
                bytes.splice(from..from, piece);
            }
            Damage::Sign { at, sign } => {
                let at = place(at);
                bytes.splice(at..at, SIGNS[sign].iter().copied());
            }
            Damage::End { at } => bytes.truncate(place(at)),
        }
    }
    bytes
}

/// Hands damaged samples to a reader until the time is over. What made it panic is kept beside the other temporary files.
fn fuzz(name: &str, samples: &[Vec<u8>], read: impl Fn(&[u8])) {
    let (mut chance, until) = (Chance::new(), Instant::now() + Duration::from_secs(number("AFTERFARE_TEST_FUZZ_SECONDS").unwrap_or(4)));
    // As they are first: what once made a reader panic is among them.
    for sample in samples {
        read(sample);
    }
    let (strategy, mut count) = ((0..samples.len(), damage()), 0u64);
    while Instant::now() < until {
        let (sample, damage) = chance.draw(&strategy);
        let bytes = damaged(&samples[sample], &damage);
        if catch_unwind(AssertUnwindSafe(|| read(&bytes))).is_err() {
            let kept = std::env::temp_dir().join(format!("afterfare-fuzz-{name}"));
            std::fs::write(&kept, &bytes).expect("the finding is kept");
            panic!("{name}: {} makes it panic", kept.display());
        }
        count += 1;
    }
    println!("{name}: {count} texts");
}

fn samples(reader: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [root.join("fuzz/samples").join(reader), root.join("tests/files/findings").join(reader)];
    let files = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten();
    files.map(|file| std::fs::read(file.expect("a file of the folder").path()).expect("a sample")).collect()
}

fn files(names: &[&str]) -> impl Iterator<Item = Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    names.iter().map(move |name| std::fs::read(root.join(name)).expect("a file of the project"))
}

#[test]
fn orders() {
    let mut samples = samples("orders");
    samples.push(serde_json::to_vec_pretty(&crate::world::order("SKLA20261104193200002").0).expect("an order"));
    fuzz("orders", &samples, readers::orders);
}

#[test]
fn spreadsheets() {
    let names = ["tests/files/libreoffice.xlsx", "tests/files/old.xls", "tests/files/open.ods", "tests/files/password.xlsx"];
    let mut samples = samples("spreadsheets");
    samples.extend(files(&names));
    samples.push(crate::batches::workbook(&[&["order_no", "amount"], &["SKLA20261104193200001", "74.99"], &["1e5", "=1+1"]]));
    fuzz("spreadsheets", &samples, readers::spreadsheets);
}

#[test]
fn commands() {
    fuzz("commands", &samples("commands"), readers::commands);
}

#[test]
fn facts() {
    let mut samples = samples("facts");
    samples.extend(files(&["docs/facts-example.json", "docs/facts-ticket-example.json"]));
    fuzz("facts", &samples, readers::facts);
}

#[test]
fn queries() {
    fuzz("queries", &samples("queries"), readers::queries);
}
