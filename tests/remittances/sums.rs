//! Whatever random files are matched, undone, rejected and opened again, and in whatever order: their sums hold.

use std::collections::BTreeMap;

use afterfare::kernel::id::new_token;
use afterfare::kernel::money::{Currency, Money};
use jiff::{ToSpan, civil::date};
use proptest::prelude::*;

use super::{imported, plain, undo, waiting};
use crate::chance::{Chance, cases};
use crate::on_both;
use crate::world::{Page, Person, World};

on_both! {
    whatever_is_matched_the_sums_hold
}

const REFUNDS: usize = 6;
const LINES: usize = 4;

/// What is done to a line.
#[derive(Debug, Clone)]
enum Deed {
    Match {
        refund: usize,
        minor: i64,
        more: bool,
    },
    Undo {
        refund: usize,
    },
    Reject,
    Reopen,
    /// All that is exact, in the background.
    Post,
}

/// A line of a file: what it names, in which currency, how much.
#[derive(Debug, Clone)]
struct Line {
    /// A refund's reference, or none that anybody has.
    refund: Option<usize>,
    currency: Currency,
    minor: i64,
}

fn line() -> impl Strategy<Value = Line> {
    let minor = prop_oneof![2 => Just(7499), 1 => Just(14_998), 2 => -500i64..12_000];
    let of = |code: &str| Just(Currency::parse(code).expect("a currency"));
    let currency = prop_oneof![4 => of("USD"), 1 => of("CNY"), 1 => of("VND")];
    let refund = prop_oneof![Just(None), (1..=REFUNDS).prop_map(Some)];
    (refund, currency, minor).prop_map(|(refund, currency, minor)| Line { refund, currency, minor })
}

fn deed() -> impl Strategy<Value = Deed> {
    // What the refunds expect, half of it, and anything: a settled refund is undone to be matched again.
    let minor = prop_oneof![Just(7499), Just(3750), 1i64..12_000];
    prop_oneof![
        4 => (0..REFUNDS, minor, any::<bool>()).prop_map(|(refund, minor, more)| Deed::Match { refund, minor, more }),
        3 => (0..REFUNDS).prop_map(|refund| Deed::Undo { refund }),
        1 => Just(Deed::Reject),
        1 => Just(Deed::Reopen),
        1 => Just(Deed::Post),
    ]
}

async fn whatever_is_matched_the_sums_hold(world: World) {
    let (sam, _, refunds) = waiting(&world, REFUNDS).await;
    let mut chance = Chance::new();
    let file = (prop::collection::vec(line(), 1..=LINES), prop::collection::vec((0..LINES, deed()), 1..10));
    // Each file pays on a day of its own: the same lines as in another file would be asked about.
    let days = date(2026, 11, 19).series((-1).day());
    for (nth, day) in days.take(cases(24)).enumerate() {
        let (lines, deeds) = chance.draw(&file);
        let mut csv = String::from("Reference,Amount,Currency,Date,Note\n");
        let mut sums: BTreeMap<Currency, i64> = BTreeMap::new();
        for (place, line) in lines.iter().enumerate() {
            let reference = line.refund.map_or_else(|| format!("FILE-{nth}-{place}"), |refund| format!("LJ-REF-{refund}"));
            let amount = Money::new(line.minor, line.currency).decimal();
            csv.extend([format!("{reference},{amount},{},{day},{nth}\n", line.currency)]);
            *sums.entry(line.currency).or_default() += line.minor;
        }
        // A line without any figure is left out of all sums.
        csv.extend([format!("Total of {nth},,USD,,\n")]);
        sums.entry(Currency::USD).or_default();
        let remittance = plain(&imported(&sam, "random.csv", csv.as_bytes()).await);
        for (line, deed) in deeds {
            let line = format!("{remittance}/lines/{}", line % lines.len() + 1);
            if matches!(deed, Deed::Post) {
                sam.post(&format!("{remittance}/posting"), &[]).await.expect_status(303);
                world.work_all().await;
            } else if let Some(answer) = perform(&sam, &line, &deed, &refunds).await {
                assert!([303, 404, 409, 422].contains(&answer.status), "{deed:?}: {}", answer.words());
            }
            check_page(&sam, &remittance, &sums).await;
            assert_eq!(world.count(OUT_OF_BALANCE).await, 0, "the trial balance after {deed:?}");
        }
        assert_eq!(world.verify().await, Vec::<String>::new(), "after the file {nth}");
    }
    assert!(world.count("SELECT COUNT(*) FROM transfers WHERE kind = 'refund-credit'").await > 0, "something was credited");
}

/// Currencies whose accounts do not sum up to nothing.
const OUT_OF_BALANCE: &str =
    "SELECT COUNT(*) FROM (SELECT currency FROM accounts GROUP BY currency HAVING SUM(balance_minor) <> 0) out_of_balance";

/// Does something to a line, if its page offers it.
async fn perform(sam: &Person, line: &str, deed: &Deed, refunds: &[String]) -> Option<Page> {
    let page = sam.get(line).await;
    let version = page.attribute("input[name=version]", "value").unwrap_or_else(|| "1".to_owned());
    match deed {
        Deed::Match { refund, minor, more } => {
            let (once, amount) = (new_token(), Money::new(*minor, Currency::USD).decimal().to_string());
            let refund = refunds[*refund].as_str();
            let mut fields =
                vec![("version", version.as_str()), ("once", &once), ("refund", refund), ("amount", &amount), ("difference", "other")];
            if *more {
                fields.push(("more", refund));
            }
            Some(sam.post(&format!("{line}/matches"), &fields).await)
        }
        Deed::Post => None,
        Deed::Undo { refund } => undo(sam, line, &refunds[*refund], 1).await,
        Deed::Reject => {
            let fields = [("version", version.as_str()), ("once", &new_token()), ("rejection", "not-ours")];
            Some(sam.post(&format!("{line}/rejection"), &fields).await)
        }
        Deed::Reopen => Some(sam.post(&format!("{line}/reopening"), &[("version", version.as_str()), ("once", &new_token())]).await),
    }
}

/// The page says the sum of the file in each currency, and that it is what is matched, open and rejected.
async fn check_page(sam: &Person, remittance: &str, sums: &BTreeMap<Currency, i64>) {
    let page = sam.get(remittance).await.expect_status(200);
    let mut said: BTreeMap<Currency, i64> = BTreeMap::new();
    for row in page.select("#progress > section:first-of-type tbody tr") {
        let code = row.get(..3).unwrap_or_default();
        let currency = Currency::parse(code).expect("a currency");
        let amounts: Vec<i64> = row.split(code).filter_map(minor_of).collect();
        let [sum, matched, open, rejected] = amounts[..] else { panic!("four amounts in “{row}”") };
        assert_eq!(sum, matched + open + rejected, "{row}");
        said.insert(currency, sum);
    }
    assert_eq!(said, *sums, "{}", page.words());
}

/// The cents of an amount as the page writes it: `−1,234.50`.
fn minor_of(amount: &str) -> Option<i64> {
    let digits: String = amount.trim().chars().filter(|sign| !",.".contains(*sign)).collect();
    digits.replace('\u{2212}', "-").parse().ok()
}
