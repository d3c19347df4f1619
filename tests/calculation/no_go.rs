//! No-go: which sectors must be closed, and the host's answer that tells.

use afterfare::refund_calculation::RuleSet;
use afterfare::refund_calculation::facts::CheckIn;
use afterfare::refund_calculation::lines::NoGoCause;
use afterfare::refund_calculation::no_go::read_answer;
use afterfare::refund_calculation::quote::{Quote, ReasonCode, Verdict};

use super::make::*;

fn vietnamese() -> RuleSet {
    let mut rules = rules(vec![free()]);
    rules.no_go = true;
    rules.carrier = Some(code("VN"));
    rules.home_country = Some(code("VN"));
    rules
}

fn check_in(airport: &str, domestic: bool, international: bool) -> CheckIn {
    CheckIn { airport: code(airport), domestic: Some(domestic), international: Some(international) }
}

fn sectors(quote: &Quote) -> Vec<(String, NoGoCause)> {
    let answer = quote.no_go.as_ref().expect("an answer");
    answer.sectors.iter().map(|sector| (format!("{}{}", sector.from, sector.to), sector.cause)).collect()
}

#[test]
fn no_go_inside_vietnam_asks_every_refunded_sector() {
    let mut facts = facts(round_trip("VND 1000000", "VND 1000000", &[]));
    facts.check_in = vec![check_in("HAN", true, false), check_in("SGN", false, true)];
    assert_eq!(sectors(&quote(&facts, &vietnamese())), [("SGNHAN".to_owned(), NoGoCause::NoInteractiveCheckIn)]);
    facts.tickets[0].coupons[0].operating_carrier = Some(code("0V"));
    assert_eq!(sectors(&quote(&facts, &vietnamese()))[0], ("HANSGN".to_owned(), NoGoCause::OtherOperator));
    facts.tickets[0].coupons[0].operating_carrier = Some(code("VN"));
    facts.tickets[0] = fly(facts.tickets[0].clone(), 1);
    facts.tickets[0].used_fare = Some(money("VND 1"));
    facts.check_in[0].domestic = Some(false);
    assert_eq!(sectors(&quote(&facts, &vietnamese())).len(), 1, "a flown sector is closed already");
    facts.check_in.pop();
    let unknown = quote(&facts, &vietnamese());
    assert_eq!(unknown.no_go.as_ref().map(|answer| answer.unknown.clone()), Some(vec![code("SGN")]));
    assert_eq!((unknown.verdict, unknown.reasons.as_slice()), (Verdict::Accurate, [ReasonCode::NoGoTableMissing].as_slice()));
    let mut without = vietnamese();
    without.no_go = false;
    assert_eq!(quote(&facts, &without).no_go, None);
}

#[test]
fn no_go_between_countries_asks_the_first_sector_only() {
    let mut ticket = round_trip("VND 1000000", "VND 1000000", &[]);
    (ticket.coupons[0].to, ticket.coupons[1].from) = (code("BKK"), code("BKK"));
    let mut facts = facts(ticket);
    facts.check_in = vec![check_in("HAN", false, true), check_in("BKK", false, false)];
    assert!(sectors(&quote(&facts, &vietnamese())).is_empty());
    facts.check_in[0] = check_in("HAN", true, false);
    assert_eq!(sectors(&quote(&facts, &vietnamese())), [("HANBKK".to_owned(), NoGoCause::NoInteractiveCheckIn)]);
    // Domestic, but of another country than the carrier's.
    facts.tickets[0].coupons.iter_mut().for_each(|coupon| (coupon.from, coupon.to) = (code("BKK"), code("CNX")));
    facts.check_in = vec![check_in("BKK", false, true)];
    assert!(sectors(&quote(&facts, &vietnamese())).is_empty());
}

#[test]
fn the_hosts_answer_is_read_as_it_is_pasted() {
    let pasted = "F*TWDYVX\nHAN SABRE SSCI   SGN SABRE SSCI\nVCS\nDAD SABRE\nTHE END OF IT\n\n  PQC SABRE SSCI DLI\nPAGE 2 OF 3 HPH SABRE SSCI THE\nPNH REP HAN";
    let (airports, unread) = read_answer(pasted);
    let said: Vec<_> = airports.iter().map(|(code, interactive)| (code.text(), *interactive)).collect();
    assert_eq!(
        said,
        [
            ("DAD", false),
            ("DLI", false),
            ("HAN", true),
            ("HPH", true),
            ("PNH", false),
            ("PQC", true),
            ("REP", false),
            ("SGN", true),
            ("VCS", false)
        ]
    );
    assert_eq!(unread, ["F*TWDYVX", "THE END OF IT"]);
}

#[test]
fn an_unknown_airport_is_named_once() {
    let mut facts = facts(round_trip("VND 1000000", "VND 1000000", &[]));
    facts.tickets[0].coupons.push(coupon(3, 2, "HAN", "SGN"));
    let quote = quote(&facts, &vietnamese());
    assert_eq!(quote.no_go.map(|answer| answer.unknown), Some(vec![code("HAN"), code("SGN")]));
}

#[test]
fn no_go_is_silent_only_when_everything_is_known() {
    use afterfare::refund_calculation::trace::Step;
    let says_none = |check_in: Vec<CheckIn>| {
        let mut facts = facts(one_way("VND 1000000", &[]));
        facts.check_in = check_in;
        quote(&facts, &vietnamese()).trace.contains(&Step::NoGoNone)
    };
    assert!(says_none(vec![check_in("HAN", true, false)]));
    assert!(!says_none(vec![check_in("HAN", false, true)]));
    assert!(!says_none(vec![]));
}

#[test]
fn no_go_does_not_guess_where_an_airport_is() {
    let mut facts = facts(round_trip("VND 1000000", "VND 1000000", &[]));
    facts.tickets[0].coupons[1].to = code("QQX");
    facts.check_in = vec![check_in("HAN", true, true), check_in("SGN", true, true)];
    let answer = quote(&facts, &vietnamese());
    assert_eq!(answer.no_go.map(|answer| answer.unknown), Some(vec![code("QQX")]));
    assert!(answer.reasons.contains(&ReasonCode::NoGoTableMissing));
}
