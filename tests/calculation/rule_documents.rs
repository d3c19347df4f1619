//! Rule set documents: the shipped examples, what is wrong with a bad one, which one is chosen.

use std::path::Path;

use afterfare::refund_calculation::law::Law;
use afterfare::refund_calculation::market::{closeness, fits};
use afterfare::refund_calculation::rule_check::{Mistake, check};
use afterfare::refund_calculation::rules::RuleSet;

use super::make::*;

fn shipped(name: &str) -> RuleSet {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules").join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

const EXAMPLES: [&str; 6] = ["vn-domestic", "vn-south-east-asia", "china-full-fare", "indonesia", "jeju", "tax-only"];

#[test]
fn shipped_examples_are_marked_and_nothing_is_wrong_with_them() {
    for name in EXAMPLES {
        let rules = shipped(name);
        assert_eq!(rules.name, name);
        assert!(rules.example && !rules.source.is_empty(), "{name} says that it is an example and where it is from");
        assert_eq!(check(&rules), []);
    }
    assert_eq!(check(RuleSet::low_cost()), []);
    assert_eq!(check(&RuleSet { law: Some(Law::shipped().clone()), ..RuleSet::low_cost().clone() }), []);
}

#[test]
fn each_example_answers_as_its_source_says() {
    let ask = |name: &str, fare: &str, class: &str, taxes: &[&str], minutes_before: i64| {
        let mut ticket = one_way(fare, taxes);
        ticket.components[0].booking_class = Some(code(class));
        let mut facts = facts(ticket);
        facts.requested_at = before_departure(minutes_before);
        refund(&facts, &shipped(name))
    };
    assert_eq!(ask("vn-domestic", "VND 1500000", "Q", &["UE VND 119000"], 1440), "VND 1119000");
    assert_eq!(ask("vn-domestic", "VND 1500000", "Q", &["UE VND 119000"], 179), "VND 619000", "no-show on top");
    assert_eq!(ask("vn-domestic", "VND 1500000", "A", &["UE VND 119000"], 1440), "VND 119000", "only taxes");
    assert_eq!(ask("vn-south-east-asia", "USD 200.00", "Q", &[], 1440), "USD 170.00");
    assert_eq!(ask("vn-south-east-asia", "USD 200.00", "Q", &[], 60), "USD 150.00");
    assert_eq!(ask("vn-south-east-asia", "VND 5000000", "Q", &[], 1440), "cannot-quote [LocalFeeMissing, NoGoTableMissing]");
    for (minutes, left) in
        [(10_080, "1000.00"), (10_079, "950.00"), (2880, "950.00"), (2879, "900.00"), (240, "900.00"), (239, "850.00"), (-60, "850.00")]
    {
        assert_eq!(ask("china-full-fare", "CNY 1000.00", "Y", &[], minutes), format!("CNY {left}"));
    }
    assert_eq!(ask("china-full-fare", "CNY 1030.00", "U", &["CN CNY 50.00"], 120), "CNY 771.00");
    assert_eq!(ask("china-full-fare", "CNY 1030.00", "U", &["CN CNY 50.00"], 119), "CNY 565.00");
    assert_eq!(ask("china-full-fare", "CNY 1030.00", "E", &["CN CNY 50.00"], 119), "CNY 50.00");
    let hours = |hours: i64| hours * 60;
    for (minutes, share) in
        [(hours(72) + 1, 75), (hours(72), 50), (hours(48), 40), (hours(24), 30), (hours(12), 20), (hours(4), 10), (45, 0), (-1, 0)]
    {
        assert_eq!(ask("indonesia", "IDR 1000000", "Y", &[], minutes), format!("IDR {}.00", share * 10_000));
    }
    // Departure is on December 1 in Hà Nội, at seven in the evening: 90 days and 20 hours before is the 91st day.
    let day = |days: i64| days * 1440 - 5 * 60;
    for (minutes, left) in [(day(92), 500_000), (day(91), 470_000), (day(61), 440_000), (day(31), 410_000), (60, 410_000)] {
        assert_eq!(ask("jeju", "KRW 500000", "Y", &[], minutes), format!("KRW {left}"));
    }
    assert_eq!(ask("tax-only", "VND 900000", "Y", &["UE VND 120000"], 1440), "VND 10000");
}

fn broken(change: impl Fn(&mut serde_json::Value)) -> Vec<(String, Mistake)> {
    let mut document = serde_json::to_value(shipped("china-full-fare")).expect("json");
    change(&mut document);
    let rules: RuleSet = serde_json::from_value(document).expect("readable");
    check(&rules).into_iter().map(|problem| (problem.path, problem.mistake)).collect()
}

#[test]
fn every_mistake_is_named_with_its_place() {
    use serde_json::json;
    let at = |path: &str, mistake| vec![(path.to_owned(), mistake)];
    let amount = |text: &str, currency: &str| json!({ "amount": text, "currency": currency });
    assert_eq!(broken(|_| {}), []);
    assert_eq!(broken(|doc| doc["title"] = json!(" ")), at("title", Mistake::Empty));
    assert_eq!(broken(|doc| doc["name"] = json!("China full")), at("name", Mistake::NotAName));
    assert_eq!(broken(|doc| doc["version"] = json!("2026/1")), at("version", Mistake::NotAName));
    assert_eq!(
        broken(|doc| (doc["issued_from"], doc["issued_until"]) = (json!("2026-02-01"), json!("2026-01-31"))),
        at("issued_until", Mistake::BeginsAfterEnd)
    );
    assert_eq!(broken(|doc| doc["market"]["countries"] = json!(["CHN"])), at("market.countries[0]", Mistake::NotACountry));
    assert_eq!(broken(|doc| doc["home_country"] = json!("C1")), at("home_country", Mistake::NotACountry));
    let window = |place: usize| format!("conditions[0].windows[{place}]");
    let span = |place: usize| format!("{}.span", window(place));
    assert_eq!(broken(|doc| doc["conditions"][0]["windows"] = json!([])), at("conditions[0].windows", Mistake::NoWindows));
    assert_eq!(
        broken(|doc| doc["conditions"][0]["windows"][0]["span"]["minutes"]["from"] = json!(99_999)),
        at(&span(0), Mistake::OpenBeginning)
    );
    assert_eq!(broken(|doc| doc["conditions"][0]["windows"][3]["span"]["minutes"]["to"] = json!(-99_999)), at(&span(3), Mistake::OpenEnd));
    assert_eq!(
        broken(|doc| doc["conditions"][0]["windows"][1]["span"]["minutes"]["from"] = json!(10_000)),
        at(&span(1), Mistake::GapOrOverlap)
    );
    assert_eq!(
        broken(|doc| doc["conditions"][0]["windows"][3]["span"]["minutes"]["to_included"] = json!(false)),
        at(&span(3), Mistake::GapOrOverlap)
    );
    assert_eq!(
        broken(|doc| doc["conditions"][0]["windows"][3]["span"] = json!({ "days": { "from": 240 } })),
        at(&span(3), Mistake::MixedSpans)
    );
    assert_eq!(
        broken(|doc| {
            doc["conditions"][0]["windows"][1]["fee"].take();
        }),
        at(&format!("{}.fee", window(1)), Mistake::FeeMissing)
    );
    assert_eq!(
        broken(|doc| doc["conditions"][0]["windows"][0]["fee"] = json!({ "basis_points": 1 })),
        at(&format!("{}.fee", window(0)), Mistake::FeeUnused)
    );
    assert_eq!(
        broken(|doc| doc["conditions"][0]["windows"][1]["fee"] = json!({ "basis_points": 10_001 })),
        at(&format!("{}.fee", window(1)), Mistake::AboveWhole)
    );
    assert_eq!(
        broken(|doc| doc["conditions"][0]["windows"][1]["fee"] = json!({ "amount": amount("-1.00", "CNY") })),
        at(&format!("{}.fee", window(1)), Mistake::BelowZero)
    );
    assert_eq!(
        broken(|doc| doc["conditions"][0]["windows"][1]["fee"] = json!({ "local_amounts": [] })),
        at(&format!("{}.fee", window(1)), Mistake::Empty)
    );
    let twice = json!({ "local_amounts": [amount("1.00", "CNY"), amount("2.00", "USD"), amount("3.00", "CNY")] });
    assert_eq!(
        broken(|doc| doc["conditions"][0]["windows"][1]["fee"] = twice.clone()),
        at(&format!("{}.fee", window(1)), Mistake::TwiceInCurrency)
    );
    let limits = |low: &str, high: &str, currency: &str| {
        broken(|doc| {
            doc["conditions"][0]["windows"][1]["minimum"] = amount(low, "CNY");
            doc["conditions"][0]["windows"][1]["maximum"] = amount(high, currency);
        })
    };
    assert_eq!(limits("5.00", "5.00", "CNY"), []);
    assert_eq!(limits("5.01", "5.00", "CNY"), at(&format!("{}.minimum", window(1)), Mistake::MinimumAboveMaximum));
    assert_eq!(limits("5.00", "6.00", "USD"), at(&format!("{}.minimum", window(1)), Mistake::MinimumAboveMaximum));
    assert_eq!(limits("-5.00", "6.00", "CNY"), at(&format!("{}.minimum", window(1)), Mistake::BelowZero));
    assert_eq!(
        broken(|doc| doc["conditions"][0]["no_show"] = json!({ "cutoff_minutes": 0, "refundability": "H" })),
        at("conditions[0].no_show.fee", Mistake::FeeMissing)
    );
    let no_show = |rule: serde_json::Value| broken(|doc| doc["conditions"][0]["no_show"] = rule.clone());
    assert_eq!(
        no_show(json!({ "cutoff_minutes": -1, "refundability": "T" })),
        at("conditions[0].no_show.cutoff_minutes", Mistake::BelowZero)
    );
    assert_eq!(
        no_show(json!({ "cutoff_minutes": 0, "refundability": "T", "fee": { "basis_points": 1 } })),
        at("conditions[0].no_show.fee", Mistake::FeeUnused)
    );
    assert_eq!(broken(|doc| doc["conditions"][0]["misc_fee"] = amount("-1.00", "CNY")), at("conditions[0].misc_fee", Mistake::BelowZero));
    assert_eq!(
        broken(|doc| doc["conditions"][2]["applies"] = doc["conditions"][1]["applies"].clone()),
        at("conditions[2]", Mistake::Unreachable)
    );
    assert_eq!(broken(|doc| doc["conditions"][1]["applies"] = json!({})), at("conditions[2]", Mistake::Unreachable));
    assert_eq!(broken(|doc| doc["conditions"][0]["name"] = json!("")), at("conditions[0].name", Mistake::Empty));
    let factor = json!({ "passenger_type": "infant", "basis_points": 10_001 });
    assert_eq!(broken(|doc| doc["passenger_factors"] = json!([factor])), at("passenger_factors[0]", Mistake::AboveWhole));
    let whole = json!({ "passenger_type": "infant", "basis_points": 10_000 });
    assert_eq!(broken(|doc| doc["passenger_factors"] = json!([whole, whole])), at("passenger_factors[1]", Mistake::Twice));
    assert_eq!(broken(|doc| doc["waivers"] = json!([{ "code": "W", "waives": [] }])), at("waivers[0]", Mistake::WaivesNothing));
    let waiver = json!({ "code": "W", "waives": ["fee"], "from": "2026-01-02", "until": "2026-01-01" });
    assert_eq!(broken(|doc| doc["waivers"] = json!([waiver])), at("waivers[0]", Mistake::BeginsAfterEnd));
    let waiver = json!({ "code": "W", "waives": ["fee"] });
    assert_eq!(broken(|doc| doc["waivers"] = json!([waiver, waiver])), at("waivers[1]", Mistake::Twice));
    assert_eq!(
        broken(|doc| doc["used_fare"]["booking_classes"] = json!(["A", "B", "A"])),
        at("used_fare.booking_classes[2]", Mistake::Twice)
    );
    assert_eq!(broken(|doc| doc["taxes"]["tax_only_fee"] = amount("-1.00", "CNY")), at("taxes.tax_only_fee", Mistake::BelowZero));
    let law = |change: &dyn Fn(&mut serde_json::Value)| {
        broken(|doc| {
            doc["law"] = serde_json::to_value(Law::shipped()).expect("json");
            change(&mut doc["law"]);
        })
    };
    assert_eq!(law(&|law| law["regimes"][0]["zone"] = json!("Mars/Base")), at("law.regimes[0].zone", Mistake::UnknownZone));
    assert_eq!(law(&|law| law["regimes"][0]["until"] = json!("2024-10-27")), at("law.regimes[0].until", Mistake::BeginsAfterEnd));
    assert_eq!(
        law(&|law| {
            law["regimes"][0]["calendar"].take();
        }),
        at("law.regimes[0].calendar", Mistake::CalendarMissing)
    );
    assert_eq!(law(&|law| law["calendars"][1]["until"] = json!("2024-12-31")), at("law.calendars[1].until", Mistake::BeginsAfterEnd));
}

#[test]
fn a_rule_set_is_chosen_by_carrier_issue_and_market() {
    let mut ticket = one_way("VND 1000000", &[]);
    ticket.validating_carrier = Some(code("VN"));
    let mut facts = facts(ticket);
    let (domestic, asia) = (shipped("vn-domestic"), shipped("vn-south-east-asia"));
    assert!(fits(&domestic, &facts) && !fits(&asia, &facts));
    facts.tickets[0].coupons[0].to = code("BKK");
    assert!(!fits(&domestic, &facts) && fits(&asia, &facts));
    facts.tickets[0].coupons[0].to = code("NRT");
    assert!(!fits(&asia, &facts), "Tokyo is outside");
    facts.tickets[0].coupons[0].to = code("SGN");
    facts.tickets[0].validating_carrier = None;
    assert!(fits(&domestic, &facts), "the first flight's carrier stands in");
    facts.tickets[0].coupons[0].marketing_carrier = Some(code("VJ"));
    assert!(!fits(&domestic, &facts));
    assert!(fits(RuleSet::low_cost(), &facts));
    let dated = |from: Option<&str>, until: Option<&str>| {
        let mut rules = RuleSet::low_cost().clone();
        rules.issued_from = from.map(|day| day.parse().expect("a day"));
        rules.issued_until = until.map(|day| day.parse().expect("a day"));
        rules
    };
    assert!(fits(&dated(Some("2026-10-01"), Some("2026-10-01")), &facts));
    assert!(!fits(&dated(Some("2026-10-02"), None), &facts));
    assert!(!fits(&dated(None, Some("2026-09-30")), &facts));
    assert!(closeness(&domestic) > closeness(&dated(Some("2026-10-01"), None)));
    assert!(closeness(&dated(Some("2026-10-01"), None)) > closeness(RuleSet::low_cost()));
    let close = |change: &dyn Fn(&mut RuleSet)| {
        let mut rules = RuleSet::low_cost().clone();
        change(&mut rules);
        closeness(&rules)
    };
    let plain = close(&|_| {});
    let until = close(&|rules| rules.issued_until = Some("2026-10-01".parse().expect("a day")));
    let scope = close(&|rules| rules.market.scope = afterfare::refund_calculation::rules::Scope::Domestic);
    let countries = close(&|rules| rules.market.countries = vec![code("VN")]);
    let carrier = close(&|rules| rules.carrier = Some(code("VN")));
    assert!(plain < until && until < scope && scope < countries && countries < carrier);
    facts.tickets[0].issued_on = None;
    assert!(!fits(&dated(None, Some("2026-10-01")), &facts), "an unknown day of issue fits no dated rule");
}

#[test]
fn of_one_name_the_newest_that_fits_and_then_the_closest() {
    use afterfare::refund_calculation::market::choose;
    let mut facts = facts(one_way("VND 1000000", &[]));
    let make = |name: &str, version: &str, change: &dyn Fn(&mut RuleSet)| {
        let mut rules = RuleSet::low_cost().clone();
        (rules.name, rules.version) = (name.to_owned(), version.to_owned());
        change(&mut rules);
        rules
    };
    let carrier = |rules: &mut RuleSet| rules.carrier = Some(code("VN"));
    let dated = |rules: &mut RuleSet| {
        carrier(rules);
        rules.issued_until = Some("2026-10-01".parse().expect("a day"));
    };
    let all = [make("any", "1", &|_| {}), make("vn", "1", &dated), make("vn", "2", &carrier), make("any", "2", &|_| {})];
    let chosen = |facts: &_, all: &[RuleSet]| choose(all, facts).map(RuleSet::full_version);
    assert_eq!(chosen(&facts, &all).as_deref(), Some("vn/2"), "a newer version stands above an older one that is cut more closely");
    assert_eq!(chosen(&facts, &all[..2]).as_deref(), Some("vn/1"));
    assert_eq!(chosen(&facts, &[all[0].clone(), all[3].clone()]).as_deref(), Some("any/2"));
    let equals = [make("a", "1", &carrier), make("b", "1", &carrier)];
    assert_eq!(chosen(&facts, &equals).as_deref(), Some("b/1"), "of equals the newest");
    facts.tickets[0].coupons[0].marketing_carrier = Some(code("VJ"));
    assert_eq!(chosen(&facts, &all).as_deref(), Some("any/2"));
    assert_eq!(chosen(&facts, &all[1..3]), None);
    let mut two = round_trip("USD 1.00", "USD 1.00", &[]);
    two.coupons[1].marketing_carrier = Some(code("VJ"));
    two.coupons.reverse();
    assert_eq!(afterfare::refund_calculation::market::carrier_of(&two), Some(code("VN")), "the first flight by number");
}

/// What lies exactly on an edge is right.
#[test]
fn edges_are_no_mistakes() {
    use serde_json::json;
    let amount = |text: &str, currency: &str| json!({ "amount": text, "currency": currency });
    assert_eq!(broken(|doc| (doc["issued_from"], doc["issued_until"]) = (json!("2026-02-01"), json!("2026-02-01"))), []);
    assert_eq!(broken(|doc| doc["waivers"] = json!([{ "code": "W", "waives": ["fee"], "from": "2026-02-01", "until": "2026-02-01" }])), []);
    assert_eq!(broken(|doc| doc["passenger_factors"] = json!([{ "passenger_type": "infant", "basis_points": 10_000 }])), []);
    assert_eq!(broken(|doc| doc["taxes"]["tax_only_fee"] = amount("0.00", "CNY")), []);
    assert_eq!(broken(|doc| doc["conditions"][0]["misc_fee"] = amount("0.00", "CNY")), []);
    assert_eq!(broken(|doc| doc["conditions"][0]["windows"][1]["minimum"] = amount("0.00", "CNY")), []);
    assert_eq!(broken(|doc| doc["conditions"][0]["windows"][1]["fee"] = json!({ "amount": amount("0.00", "CNY") })), []);
    assert_eq!(broken(|doc| doc["conditions"][0]["windows"][1]["fee"] = json!({ "basis_points": 10_000 })), []);
    let local = json!({ "local_amounts": [amount("0.00", "CNY"), amount("2.00", "USD")] });
    assert_eq!(broken(|doc| doc["conditions"][0]["windows"][1]["fee"] = local.clone()), []);
    let below = json!({ "local_amounts": [amount("1.00", "CNY"), amount("-2.00", "USD")] });
    assert_eq!(
        broken(|doc| doc["conditions"][0]["windows"][1]["fee"] = below.clone()),
        [("conditions[0].windows[1].fee".to_owned(), Mistake::BelowZero)]
    );
    let no_show = json!({ "cutoff_minutes": 0, "refundability": "H", "fee": { "basis_points": 10_001 } });
    assert_eq!(
        broken(|doc| doc["conditions"][0]["no_show"] = no_show.clone()),
        [("conditions[0].no_show.fee".to_owned(), Mistake::AboveWhole)]
    );
    let law = |change: &dyn Fn(&mut serde_json::Value)| {
        broken(|doc| {
            doc["law"] = serde_json::to_value(Law::shipped()).expect("json");
            change(&mut doc["law"]);
        })
    };
    assert_eq!(law(&|law| law["regimes"][0]["until"] = law["regimes"][0]["from"].clone()), []);
    assert_eq!(law(&|law| law["calendars"][0]["until"] = law["calendars"][0]["from"].clone()), []);
}

#[test]
fn schemas_name_the_fields_of_the_documents() {
    use afterfare::refund_calculation::schema;
    let fields = |schema: schemars::Schema| {
        let schema = schema.to_value();
        schema["properties"].as_object().map(|fields| fields.keys().cloned().collect::<Vec<_>>()).unwrap_or_default()
    };
    assert!(fields(schema::facts()).contains(&"tickets".to_owned()));
    assert!(fields(schema::rules()).contains(&"fee_cap".to_owned()));
}
