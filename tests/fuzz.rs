//! What people and machines hand in, damaged at random: read or refused with a sentence, never a panic. A few seconds of
//! it in every run; AFTERFARE_TEST_FUZZ_SECONDS says how long, for each of the readers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use afterfare::bookings::filters::Filters;
use afterfare::refund_calculation::{self, Facts, RuleSet};
use afterfare::spreadsheets::child;
use afterfare::spreadsheets::reading::Bounds;
use afterfare::web::form::Problems;
use afterfare::{bookings, bsp};
use proptest::prelude::*;

use crate::chance::{Chance, number};

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

#[test]
fn orders() {
    let mut samples: Vec<Vec<u8>> = vec![crate::world::order("SKLA20261104193200001").finish().0.into_bytes()];
    samples.push(serde_json::to_vec_pretty(&crate::world::order("SKLA20261104193200002").0).expect("an order"));
    fuzz("order", &samples, |bytes| {
        if let Ok(text) = std::str::from_utf8(bytes) {
            let _ = bookings::parse::order(text);
        }
    });
}

#[test]
fn spreadsheets() {
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files");
    let mut samples: Vec<Vec<u8>> = ["libreoffice.xlsx", "old.xls", "open.ods", "password.xlsx"]
        .iter()
        .map(|name| std::fs::read(files.join(name)).expect("a file of the tests"))
        .collect();
    samples.push(b"order_no;passengers\r\nSKLA20261104193200001;\"ZHANG/SAN\"\r\n".to_vec());
    samples.push(crate::batches::workbook(&[&["order_no", "amount"], &["SKLA20261104193200001", "74.99"], &["1e5", "=1+1"]]));
    let bounds = Bounds { known_headers: vec!["order_no".to_owned()], ..Bounds::default() };
    fuzz("spreadsheet", &samples, |bytes| {
        let _ = child::table_of(bytes, &bounds);
    });
}

#[test]
fn command_lines() {
    let lines =
        ["TRFD:L/784-5805431488/A/1/D", "TRFD  H/784-5805431488", "TRFD:A/784-5805431488/D", "TRFU:202611-0001", "TRFX:1/202611-0001"];
    let samples: Vec<Vec<u8>> = lines.iter().map(|line| line.as_bytes().to_vec()).collect();
    fuzz("command", &samples, |bytes| {
        let _ = bsp::command::parse(&String::from_utf8_lossy(bytes));
    });
}

#[test]
fn facts() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let samples: Vec<Vec<u8>> = ["facts-example.json", "facts-ticket-example.json"]
        .iter()
        .map(|name| std::fs::read(docs.join(name)).expect("an example"))
        .collect();
    fuzz("facts", &samples, |bytes| {
        if let Ok(facts) = serde_json::from_slice::<Facts>(bytes) {
            let _ = refund_calculation::calculate(&facts, RuleSet::low_cost());
        }
    });
}

#[test]
fn queries_of_lists() {
    let samples = [
        b"order_no=SKLA20261104193200001&pnr=KEJCBK&ticket=718-2345678901&passenger=ZHANG&airline=LJ&status=ticketed&channel=vcc&has_refund=1".to_vec(),
        b"departure_from=2026-12-01&departure_to=2026-12-31&created_from=2026-11-01&created_to=2026-11-30&after=2026-11-04T09%3A00%3A00Z.01a0".to_vec(),
    ];
    fuzz("query", &samples, |bytes| {
        if let Ok(filters) = serde_html_form::from_bytes::<Filters>(bytes) {
            let _ = filters.parse("Asia/Ho_Chi_Minh", &mut Problems::default());
        }
    });
}
