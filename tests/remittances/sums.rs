//! Whatever random files are matched, undone, rejected and opened again, and in whatever order: their sums hold.

use afterfare::kernel::id::new_token;
use afterfare::kernel::money::{Currency, Money};
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
    Match { refund: usize, minor: i64, more: bool },
    Undo { refund: usize },
    Reject,
    Reopen,
}

fn deed() -> impl Strategy<Value = Deed> {
    // What the refunds expect, half of it, and anything: a settled refund is undone to be matched again.
    let minor = prop_oneof![Just(7499), Just(3750), 1i64..12_000];
    prop_oneof![
        4 => (0..REFUNDS, minor, any::<bool>()).prop_map(|(refund, minor, more)| Deed::Match { refund, minor, more }),
        3 => (0..REFUNDS).prop_map(|refund| Deed::Undo { refund }),
        1 => Just(Deed::Reject),
        1 => Just(Deed::Reopen),
    ]
}

async fn whatever_is_matched_the_sums_hold(world: World) {
    let (sam, _, refunds) = waiting(&world, REFUNDS).await;
    let mut chance = Chance::new();
    let amount = prop_oneof![Just(7499), Just(14_998), -500i64..12_000];
    let file = (prop::collection::vec(amount, 1..=LINES), prop::collection::vec((0..LINES, deed()), 1..10));
    for nth in 0..cases(24) {
        let (amounts, deeds) = chance.draw(&file);
        let mut csv = String::from("Reference,Amount,Currency,Date\n");
        for (line, minor) in amounts.iter().enumerate() {
            let amount = Money::new(*minor, Currency::USD).decimal();
            csv.extend([format!("FILE-{nth}-{line},{amount},USD,2026-11-19\n")]);
        }
        let remittance = plain(&imported(&sam, "random.csv", csv.as_bytes()).await);
        for (line, deed) in deeds {
            let line = format!("{remittance}/lines/{}", line % amounts.len() + 1);
            if let Some(answer) = perform(&sam, &line, &deed, &refunds).await {
                assert!([303, 404, 409, 422].contains(&answer.status), "{deed:?}: {}", answer.words());
            }
            check_page(&sam, &remittance, amounts.iter().sum()).await;
        }
        assert_eq!(world.verify().await, Vec::<String>::new(), "after the file {nth}");
    }
    let trial = "SELECT CAST(COALESCE(SUM(balance_minor), 0) AS BIGINT) FROM accounts";
    assert_eq!(world.count(trial).await, 0, "the trial balance");
    assert!(world.count("SELECT COUNT(*) FROM transfers WHERE kind = 'refund-credit'").await > 0, "something was credited");
}

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
        Deed::Undo { refund } => undo(sam, line, &refunds[*refund], 1).await,
        Deed::Reject => {
            let fields = [("version", version.as_str()), ("once", &new_token()), ("rejection", "not-ours")];
            Some(sam.post(&format!("{line}/rejection"), &fields).await)
        }
        Deed::Reopen => Some(sam.post(&format!("{line}/reopening"), &[("version", version.as_str()), ("once", &new_token())]).await),
    }
}

/// The page says the sum of the file, and that it is what is matched, open and rejected.
async fn check_page(sam: &Person, remittance: &str, file: i64) {
    let page = sam.get(remittance).await.expect_status(200);
    let row = page.select("table tbody tr").first().cloned().unwrap_or_default();
    let said: Vec<i64> = row.split("USD").filter_map(minor_of).collect();
    let [sum, matched, open, rejected] = said[..] else { panic!("four amounts in “{row}”") };
    assert_eq!((sum, matched + open + rejected), (file, file), "{row}");
}

/// The cents of an amount as the page writes it: `−1,234.50`.
fn minor_of(amount: &str) -> Option<i64> {
    let digits: String = amount.trim().chars().filter(|sign| !",.".contains(*sign)).collect();
    digits.replace('\u{2212}', "-").parse().ok()
}
