//! Every verb of the desk in every state, for both payment channels, by every role of the operator's team.

use afterfare::kernel::actor::Role;

use crate::on_both;
use crate::world::{Person, World, order, raw};

on_both! {
    every_verb_in_every_state
}

const VERBS: [&str; 8] = ["assignment", "handover", "submission", "confirmation", "refusal", "receipt", "credit", "fulfilment"];

/// A state, the verbs that lead to it, and the verbs that are possible in it.
type State<'a> = (&'a str, &'a [&'a str], &'a [&'a str]);

const DEPOSIT: [State<'_>; 6] = [
    ("atlas-processing", &[], &["assignment", "handover", "submission", "refusal"]),
    ("airline-processing", &["submission"], &["assignment", "handover", "confirmation", "refusal"]),
    ("airline-refunding", &["submission", "confirmation"], &["assignment", "handover", "refusal", "receipt"]),
    ("airline-refunding", &["submission", "confirmation", "receipt"], &["assignment", "handover", "credit"]),
    ("refunded", &["submission", "confirmation", "receipt", "credit"], &[]),
    ("rejected", &["submission", "refusal"], &[]),
];

const VCC: [State<'_>; 4] = [
    ("atlas-processing", &[], &["assignment", "handover", "submission", "refusal"]),
    ("airline-processing", &["submission"], &["assignment", "handover", "refusal", "fulfilment"]),
    ("fulfillment-done", &["submission", "fulfilment"], &[]),
    ("rejected", &["refusal"], &[]),
];

/// Who may do a verb at all.
fn may(role: Role, verb: &str) -> bool {
    match verb {
        "assignment" | "handover" => true,
        "receipt" | "credit" => role != Role::OperatorAgent,
        _ => role != Role::OperatorFinance,
    }
}

async fn press(person: &Person, number: &str, verb: &str, version: i64) -> u16 {
    let (version, once) = (version.to_string(), afterfare::kernel::id::new_id());
    let fields = [
        ("version", version.as_str()),
        ("once", once.as_str()),
        ("amount", "74.99"),
        ("received_on", "2026-11-20"),
        ("receipt_reference", "BANK"),
        ("code", "1"),
    ];
    person.post(&format!("/refunds/{number}/{verb}"), &fields).await.status
}

async fn every_verb_in_every_state(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    world.rates("date,from,to,rate\n2026-11-20,CNY,USD,0.137917\n").await;
    let mut team = Vec::new();
    for role in [Role::OperatorAgent, Role::OperatorFinance, Role::Supervisor] {
        team.push((role, world.person(role.word(), role, None).await));
    }
    let sam = team[2].1.clone();
    let mut count = 0;
    for (payment, states) in [("1", DEPOSIT.as_slice()), ("3", VCC.as_slice())] {
        for (status, way, possible) in states {
            for verb in VERBS {
                for (role, person) in &team {
                    count += 1;
                    let (text, order_no) =
                        order(&format!("SKLA202611041932{count:05}")).with(|order| order["paymentMethod"] = raw(payment)).finish();
                    world.import(&agency, &text).await;
                    let number = lan.refund(&order_no, "voluntary").await;
                    for (version, step) in (1..).zip(*way) {
                        assert_eq!(press(&sam, &number, step, version).await, 303, "{step} on the way to {status}");
                    }
                    let version = 1 + i64::try_from(way.len()).expect("a few");
                    let expected = match (may(*role, verb), possible.contains(&verb)) {
                        (false, _) => 403,
                        (true, true) => 303,
                        (true, false) => 409,
                    };
                    let found = press(person, &number, verb, version).await;
                    assert_eq!(found, expected, "{verb} by {role} on {status} paid by {payment}");
                }
            }
        }
    }
    assert_eq!(world.verify().await, Vec::<String>::new());
}
