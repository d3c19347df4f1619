//! The real rooms beside a simple model of them: whatever an agency and the team do, in whatever order, late, twice, or
//! with somebody else's numbers, each deed comes to what the model says, and so does everything that is kept.

use std::collections::{BTreeMap, BTreeSet};

use afterfare::agencies::model::Agency;
use afterfare::attachments::kind::FileKind;
use afterfare::attachments::store::{self as attachments, Attachment};
use afterfare::kernel::actor::{Actor, Role};
use afterfare::kernel::id::new_id;
use afterfare::kernel::language::Language;
use afterfare::kernel::money::{Currency, Money};
use afterfare::kernel::time::utc_day;
use afterfare::refunds::claiming::{self, Claim};
use afterfare::refunds::desk_actions::{self, NotDone};
use afterfare::refunds::model::{Difference, Reason, RefusalCode};
use afterfare::refunds::quoting::{self, Asked};
use afterfare::refunds::refusal::Refusal;
use afterfare::refunds::selection::Selection;
use afterfare::refunds::state::{Impossible, Verb};
use afterfare::refunds::submitting::{self, Outcome, Submission};
use afterfare::requests::actions as request_actions;
use afterfare::requests::details::Details;
use afterfare::requests::model::Category;
use afterfare::requests::opening::{self, NotOpened, Opening};
use afterfare::requests::state::Verb as RequestVerb;
use proptest::prelude::*;

use crate::chance::{Chance, cases};
use crate::on_both;
use crate::world::{World, order, passenger, raw};

mod simple;

use simple::{DeskVerb, Saying, Simple, Spans, Word};

on_both! {
    whatever_is_done_comes_to_what_the_model_says
}

/// Seeds, and what is done with each: AFTERFARE_TEST_CASES draws more of them.
const SEEDS: usize = 500;
const STEPS: usize = 200;
const ORDERS: usize = 3;
const PASSENGERS: i64 = 2;

/// What is done; indexes count what there is, round and round.
#[derive(Debug, Clone)]
enum Deed {
    Quote { order: usize, passenger: i64 },
    Submit { order: usize, quote: usize },
    Claim { order: usize, passenger: i64, expected: Option<i64> },
    Desk { refund: usize, verb: DeskVerb },
    Open { order: usize },
    Say { request: usize, saying: Saying },
    Later { minutes: i64 },
}

/// How it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Well,
    /// The same form as the one before, once more.
    Again,
    /// With the key of the form before.
    OldKey,
    /// Having seen an older version.
    Late,
    /// By somebody of another agency.
    Foreign,
}

fn deed() -> impl Strategy<Value = (Deed, How)> {
    let amount = || prop_oneof![3 => Just(simple::ESTIMATE), 1 => Just(150), 1 => Just(9_000), 1 => Just(12_000), 1 => Just(0)];
    let verb = prop_oneof![
        1 => Just(DeskVerb::Take),
        1 => Just(DeskVerb::PutBack),
        1 => Just(DeskVerb::Refuse),
        1 => Just(DeskVerb::Withdraw),
        1 => Just(DeskVerb::TakeBack),
        3 => Just(DeskVerb::Submit),
        3 => amount().prop_map(DeskVerb::Confirm),
        3 => (amount(), any::<bool>()).prop_map(|(amount, explained)| DeskVerb::Receive(amount, explained)),
        3 => Just(DeskVerb::Credit),
        2 => Just(DeskVerb::Fulfil),
    ];
    let saying = prop_oneof![
        2 => Just(Saying::Comment),
        1 => Just(Saying::Take),
        1 => Just(Saying::PutBack),
        2 => any::<bool>().prop_map(|processed| Saying::Answer { processed }),
        1 => Just(Saying::Note),
        1 => (0usize..8).prop_map(|into| Saying::Merge { into }),
    ];
    let expected = prop_oneof![Just(None), (1_000i64..20_000).prop_map(Some)];
    let deed = prop_oneof![
        4 => (0..ORDERS, 1..=PASSENGERS).prop_map(|(order, passenger)| Deed::Quote { order, passenger }),
        4 => (0..ORDERS, 0usize..4).prop_map(|(order, quote)| Deed::Submit { order, quote }),
        1 => (0..ORDERS, 1..=PASSENGERS, expected).prop_map(|(order, passenger, expected)| Deed::Claim { order, passenger, expected }),
        12 => (0usize..16, verb).prop_map(|(refund, verb)| Deed::Desk { refund, verb }),
        1 => (0..ORDERS).prop_map(|order| Deed::Open { order }),
        5 => (0usize..8, saying).prop_map(|(request, saying)| Deed::Say { request, saying }),
        1 => prop_oneof![4 => 1i64..90, 1 => Just(3 * 24 * 60)].prop_map(|minutes| Deed::Later { minutes }),
    ];
    let how =
        prop_oneof![12 => Just(How::Well), 1 => Just(How::Again), 1 => Just(How::OldKey), 1 => Just(How::Late), 1 => Just(How::Foreign)];
    (deed, how)
}

/// The numbers under which one seed's cases are known to the rooms, in the model's order.
struct Run<'a> {
    world: &'a World,
    lan: &'a Actor,
    mai: &'a Actor,
    sam: &'a Actor,
    model: Simple,
    orders: Vec<String>,
    quotes: Vec<Vec<String>>,
    refunds: Vec<String>,
    requests: Vec<(String, String)>,
    last: (Deed, i64, String),
}

async fn whatever_is_done_comes_to_what_the_model_says(world: World) {
    let mut chance = Chance::new();
    let (agency, other) = (world.agency("SUNRIVER").await, world.agency("MEKONG").await);
    let (lan, mai) = (actor(&world, "lan", Role::Admin, Some(&agency)).await, actor(&world, "mai", Role::Admin, Some(&other)).await);
    let sam = actor(&world, "sam", Role::Supervisor, None).await;
    let steps = prop::collection::vec(deed(), STEPS);
    let mut ledger = BTreeMap::new();
    for seed in 0..cases(SEEDS) {
        let mut run = Run::begin(&world, (&lan, &mai, &sam), &agency, seed, ledger).await;
        for (nth, (deed, how)) in chance.draw(&steps).into_iter().enumerate() {
            run.step(deed, how).await.unwrap_or_else(|complaint| panic!("seed {seed}, step {nth}: {complaint}"));
        }
        run.compare().await;
        ledger = run.model.ledger;
        if seed % 20 == 19 {
            assert_eq!(world.verify().await, Vec::<String>::new(), "after seed {seed}");
        }
    }
    assert_eq!(world.verify().await, Vec::<String>::new());
    assert!(ledger.get("deposit").is_some_and(|minor| *minor > 0), "something was credited: {ledger:?}");
}

async fn actor(world: &World, name: &str, role: Role, agency: Option<&Agency>) -> Actor {
    let email = world.user(name, role, agency, Language::English).await;
    let mut conn = world.app.db.read().await.expect("a connection");
    let user = afterfare::agencies::store::user_by_email(&mut conn, &email).await.expect("an answer").expect("the user");
    Actor::from(user)
}

impl<'a> Run<'a> {
    /// Three orders of two passengers, the last of them paid by card.
    async fn begin(
        world: &'a World,
        (lan, mai, sam): (&'a Actor, &'a Actor, &'a Actor),
        agency: &Agency,
        seed: usize,
        ledger: BTreeMap<&'static str, i64>,
    ) -> Self {
        let limits = &world.app.settings.limits;
        let hours = |hours: i64| hours * 60;
        let mut model = Simple::new(Spans {
            quote: limits.quote_minutes,
            answer: hours(limits.answer_within_hours),
            news: hours(limits.next_news_hours),
            completes: hours(limits.complete_after_hours),
        });
        model.ledger = ledger;
        let mut orders = Vec::new();
        for nth in 0..ORDERS {
            let by_card = nth + 1 == ORDERS;
            let (text, number) = order(&format!("SKLA20261104{:09}", seed * ORDERS + nth)).with(|order| booking(order, by_card)).finish();
            let (counts, faults) = world.import(agency, &text).await;
            assert_eq!((counts.added, faults.as_slice()), (1, [].as_slice()));
            orders.push(number);
            model.orders.push(simple::Order { by_card, quotes: Vec::new() });
        }
        let last = (Deed::Later { minutes: 0 }, 0, new_id());
        let (refunds, requests) = (Vec::new(), Vec::new());
        Self { world, lan, mai, sam, model, orders, quotes: vec![Vec::new(); ORDERS], refunds, requests, last }
    }

    async fn step(&mut self, deed: Deed, how: How) -> Result<(), String> {
        let is_form = |deed: &Deed| !matches!(deed, Deed::Quote { .. } | Deed::Later { .. });
        let (deed, seen, key) = match how {
            How::Again if is_form(&self.last.0) => self.last.clone(),
            _ => {
                let Some(deed) = self.fit(deed) else { return Ok(()) };
                let key = if how == How::OldKey { self.last.2.clone() } else { new_id() };
                let seen = self.version(&deed) - i64::from(how == How::Late);
                (deed, seen, key)
            }
        };
        let is_foreign = how == How::Foreign && !matches!(deed, Deed::Later { .. });
        let found = self.perform(&deed, seen, &key, is_foreign).await;
        let expected = if is_foreign { simple::ABSENT } else { self.expect(&deed, seen, &key) };
        if found != expected {
            return Err(format!("{deed:?} {how:?} seen {seen} came to “{found}”, not “{expected}”: {:?}", self.model));
        }
        if is_form(&deed) && !is_foreign {
            self.last = (deed, seen, key);
        }
        self.learn().await;
        Ok(())
    }

    /// The deed with indexes of what there is, if there is any.
    fn fit(&self, deed: Deed) -> Option<Deed> {
        let within = |nth: usize, count: usize| (count > 0).then(|| count - 1 - nth % count);
        Some(match deed {
            Deed::Submit { order, quote } => Deed::Submit { order, quote: within(quote, self.quotes[order].len())? },
            Deed::Desk { refund, verb } => Deed::Desk { refund: within(refund, self.refunds.len())?, verb },
            Deed::Say { request, saying } => {
                let saying = match saying {
                    Saying::Merge { into } => Saying::Merge { into: within(into, self.requests.len())? },
                    saying => saying,
                };
                Deed::Say { request: within(request, self.requests.len())?, saying }
            }
            deed => deed,
        })
    }

    fn version(&self, deed: &Deed) -> i64 {
        match deed {
            Deed::Desk { refund, .. } => self.model.refunds[*refund].version,
            Deed::Say { request, .. } => self.model.requests[*request].version,
            _ => 0,
        }
    }

    fn expect(&mut self, deed: &Deed, seen: i64, key: &str) -> Word {
        match *deed {
            Deed::Quote { order, passenger } => self.model.quote(order, passenger),
            Deed::Submit { order, quote } => self.model.submit(order, quote, &format!("lan {key}")),
            Deed::Claim { order, passenger, expected } => self.model.claim(order, passenger, expected, &format!("lan {key}")),
            Deed::Desk { refund, verb } => self.model.desk(refund, verb, seen, &format!("{} {key}", by_whom(verb))),
            Deed::Open { order } => self.model.open(order, &format!("lan {key}")),
            Deed::Say { request, saying } => self.model.say(request, saying, seen, &format!("{} {key}", who_says(saying))),
            Deed::Later { minutes } => {
                self.model.now += minutes;
                self.model.work();
                simple::DONE
            }
        }
    }

    async fn perform(&self, deed: &Deed, seen: i64, key: &str, is_foreign: bool) -> Word {
        let (db, limits, now) = (&self.world.app.db, &self.world.app.settings.limits, self.world.now());
        let as_it_is = |actor: &'a Actor| if is_foreign { self.mai.clone() } else { actor.clone() };
        match *deed {
            Deed::Quote { order, passenger } => {
                let actor = as_it_is(self.lan);
                let asked = Asked {
                    scope: actor.scope(),
                    user_id: actor.user_id,
                    order_no: self.orders[order].clone(),
                    selection: Selection {
                        passengers: BTreeSet::from([passenger]),
                        segments: BTreeSet::from([1]),
                        reason: Reason::Voluntary,
                    },
                };
                quoting::quote(db, asked, limits, now).await.map_or_else(refused, |_| simple::DONE)
            }
            Deed::Submit { order, quote } => {
                let submission = Submission {
                    actor: as_it_is(self.lan),
                    order_no: self.orders[order].clone(),
                    quote_id: self.quotes[order][quote].clone(),
                    once_key: key.to_owned(),
                    proof: Vec::new(),
                };
                match submitting::submit(db, submission, limits, now).await {
                    Ok(Outcome::Submitted(_)) => simple::DONE,
                    Ok(Outcome::QuotedAnew(_)) => simple::QUOTED_ANEW,
                    Err(refusal) => refused(refusal),
                }
            }
            Deed::Claim { order, passenger, expected } => {
                let actor = as_it_is(self.lan);
                let claim = Claim {
                    order_no: self.orders[order].clone(),
                    passengers: BTreeSet::from([passenger]),
                    segments: BTreeSet::from([1]),
                    reason: Reason::Voluntary,
                    fulfilled_on: utc_day(crate::world::NOW.parse().expect("an instant")),
                    expected: expected.map(dollars),
                    proof: vec![self.draft(&actor).await],
                    once_key: key.to_owned(),
                    request_id: None,
                    actor,
                };
                claiming::claim(db, claim, limits, now).await.map_or_else(refused, |_| simple::DONE)
            }
            Deed::Desk { refund, verb } => {
                let order = desk_actions::Order {
                    actor: as_it_is(if by_whom(verb) == "lan" { self.lan } else { self.sam }),
                    number: self.refunds[refund].clone(),
                    seen_version: seen,
                    once_key: key.to_owned(),
                    verb: self.real(verb),
                };
                match desk_actions::perform(db, order, now).await {
                    Ok(_) => simple::DONE,
                    Err(NotDone::Absent) => simple::ABSENT,
                    Err(NotDone::Overtaken) => simple::OVERTAKEN,
                    Err(NotDone::KeyReused) => simple::KEY_REUSED,
                    Err(NotDone::TakenMeanwhile) => simple::TAKEN,
                    Err(NotDone::Impossible(Impossible::WrongStatus)) => simple::WRONG_STATUS,
                    Err(NotDone::Impossible(Impossible::NoAmount)) => simple::NO_AMOUNT,
                    Err(NotDone::Impossible(Impossible::DifferenceUnexplained { .. })) => simple::UNEXPLAINED,
                    Err(error) => panic!("{error:?}"),
                }
            }
            Deed::Open { order } => {
                let opening = Opening {
                    actor: as_it_is(self.lan),
                    order_no: self.orders[order].clone(),
                    category: Category::FeedbackDispute,
                    details: Details::default(),
                    description: "What became of it?".to_owned(),
                    files: Vec::new(),
                    once_key: key.to_owned(),
                };
                match opening::open(db, opening, limits, now).await {
                    Ok(_) => simple::DONE,
                    Err(NotOpened::Absent) => simple::ABSENT,
                    Err(NotOpened::KeyReused) => simple::KEY_REUSED,
                    Err(NotOpened::AlreadyOpen(_)) => simple::ALREADY_OPEN,
                    Err(error) => panic!("{error:?}"),
                }
            }
            Deed::Say { request, saying } => {
                let order = request_actions::Order {
                    actor: as_it_is(if who_says(saying) == "lan" { self.lan } else { self.sam }),
                    number: self.requests[request].1.clone(),
                    seen_version: seen,
                    once_key: key.to_owned(),
                    verb: match saying {
                        Saying::Comment => RequestVerb::Comment,
                        Saying::Take => RequestVerb::Assign { to: Some(self.sam.user_id.clone()) },
                        Saying::PutBack => RequestVerb::Assign { to: None },
                        Saying::Answer { processed } => RequestVerb::Answer { processed },
                        Saying::Note => RequestVerb::Note,
                        Saying::Merge { into } => RequestVerb::Merge { into: self.requests[into].0.clone() },
                    },
                    message: None,
                };
                match request_actions::perform(db, order, limits, now).await {
                    Ok(_) => simple::DONE,
                    Err(request_actions::NotDone::Absent) => simple::ABSENT,
                    Err(request_actions::NotDone::Overtaken) => simple::OVERTAKEN,
                    Err(request_actions::NotDone::KeyReused) => simple::KEY_REUSED,
                    Err(request_actions::NotDone::WrongStatus) => simple::WRONG_STATUS,
                    Err(request_actions::NotDone::OtherOpen) => simple::OTHER_OPEN,
                    Err(error) => panic!("{error:?}"),
                }
            }
            Deed::Later { minutes } => {
                self.world.later(minutes);
                let (limits, now) = (limits.clone(), self.world.now());
                let completed = db.write(move |conn| {
                    Box::pin(async move {
                        while afterfare::requests::completing::complete_one(conn, &limits, now).await? {}
                        Ok::<_, sqlx::Error>(())
                    })
                });
                completed.await.expect("the background work");
                simple::DONE
            }
        }
    }

    fn real(&self, verb: DeskVerb) -> Verb {
        let today = utc_day(crate::world::NOW.parse().expect("an instant"));
        match verb {
            DeskVerb::Take => Verb::Assign { to: Some(self.sam.user_id.clone()) },
            DeskVerb::PutBack => Verb::Assign { to: None },
            DeskVerb::Submit => Verb::Submit { reference: None, follow_up_after_days: 21 },
            DeskVerb::Confirm(minor) => Verb::Confirm { amount: dollars(minor), expected_on: None, by_money: false },
            DeskVerb::Refuse => Verb::Refuse { code: RefusalCode::parse("1").expect("a code"), note: None },
            DeskVerb::Receive(minor, explained) => Verb::Receive {
                amount: dollars(minor),
                on: today,
                reference: None,
                difference: explained.then_some(Difference::Other),
                from_lines: false,
            },
            DeskVerb::Credit => Verb::Credit,
            DeskVerb::Fulfil => Verb::Fulfil,
            DeskVerb::Withdraw => Verb::Withdraw,
            DeskVerb::TakeBack => Verb::TakeBack,
        }
    }

    /// A proof that somebody has uploaded.
    async fn draft(&self, actor: &Actor) -> String {
        let draft = Attachment {
            id: new_id(),
            agency_id: actor.agency_id.clone(),
            message_id: None,
            internal: false,
            name: "airline.pdf".to_owned(),
            kind: FileKind::Pdf,
            bytes: 9,
            digest: "d".to_owned(),
            stored_as: new_id(),
            created_by: actor.user_id.clone(),
            created_at: self.world.now(),
        };
        let id = draft.id.clone();
        let kept = self.world.app.db.write(move |conn| Box::pin(async move { attachments::insert_drafts(conn, &[draft]).await }));
        kept.await.expect("the draft is kept");
        id
    }

    /// The numbers of what the last deed brought.
    async fn learn(&mut self) {
        let mut conn = self.world.app.db.read().await.expect("a connection");
        for (order_no, (quotes, kept)) in self.orders.iter().zip(self.quotes.iter_mut().zip(&self.model.orders)) {
            if quotes.len() < kept.quotes.len() {
                let query = "SELECT q.id FROM quotes q JOIN orders o ON o.id = q.order_id WHERE o.order_no = $1 ORDER BY q.ordinal";
                let rows: Vec<(String,)> = sqlx::query_as(query).bind(order_no).fetch_all(&mut *conn).await.expect("quotes");
                *quotes = rows.into_iter().map(|(id,)| id).collect();
                assert_eq!(quotes.len(), kept.quotes.len(), "as many quotes as there should be");
            }
        }
        if self.refunds.len() < self.model.refunds.len() {
            let query = "SELECT number FROM refunds ORDER BY number DESC LIMIT 1";
            let (number,): (String,) = sqlx::query_as(query).fetch_one(&mut *conn).await.expect("a refund");
            self.refunds.push(number);
        }
        if self.requests.len() < self.model.requests.len() {
            let query = "SELECT id, number FROM requests ORDER BY id DESC LIMIT 1";
            self.requests.push(sqlx::query_as(query).fetch_one(&mut *conn).await.expect("a request"));
        }
    }

    /// Everything that is kept is what the model says.
    async fn compare(&self) {
        type Kept = (String, i64, Option<i64>, Option<i64>, Option<String>);
        let mut conn = self.world.app.db.read().await.expect("a connection");
        for (number, expected) in self.refunds.iter().zip(&self.model.refunds) {
            let query = "SELECT status, version, estimated_minor, actual_minor, assignee_id FROM refunds WHERE number = $1";
            let (status, version, estimate, actual, assignee): Kept =
                sqlx::query_as(query).bind(number).fetch_one(&mut *conn).await.expect("the refund");
            let kept = (status.as_str(), version, estimate, actual, assignee.is_some());
            assert_eq!(
                kept,
                (expected.status, expected.version, Some(expected.estimate), expected.actual, expected.assigned),
                "{expected:?}"
            );
        }
        for ((id, _), expected) in self.requests.iter().zip(&self.model.requests) {
            let query = "SELECT status, version FROM requests WHERE id = $1";
            let kept: (String, i64) = sqlx::query_as(query).bind(id).fetch_one(&mut *conn).await.expect("the request");
            assert_eq!((kept.0.as_str(), kept.1), (expected.status, expected.version), "{expected:?}");
        }
        let query = "SELECT kind, CAST(SUM(balance_minor) AS BIGINT) FROM accounts GROUP BY kind ORDER BY kind";
        let sums: Vec<(String, i64)> = sqlx::query_as(query).fetch_all(&mut *conn).await.expect("sums");
        let kept: BTreeMap<&str, i64> = sums.iter().map(|(kind, minor)| (kind.as_str(), *minor)).filter(|(_, minor)| *minor != 0).collect();
        let expected: BTreeMap<&str, i64> =
            self.model.ledger.iter().map(|(kind, minor)| (*kind, *minor)).filter(|(_, minor)| *minor != 0).collect();
        assert_eq!(kept, expected, "what stands on the accounts");
    }
}

/// 118.40 and 22.79 of taxes for each of two, of which the rule takes 48.00; 2.00 are ours.
fn booking(order: &mut serde_json::Value, by_card: bool) {
    order["paymentMethod"] = raw(if by_card { "3" } else { "1" });
    order["paxTicketInfos"] = [passenger("ZHANG/SAN", 0, serde_json::Value::Null), passenger("LI/SI", 0, serde_json::Value::Null)].into();
    order["routing"]["fromSegments"][0]["depTime"] = "209912011325".into();
    order["routing"]["fromSegments"][0]["arrTime"] = "209912011600".into();
    order["routing"]["rule"]["refundRules"][0] = serde_json::json!({ "refundType": 0, "currency": "USD", "refNoshow": "T", "refNoShowCondition": 2,
        "ruleDetailList": [{ "status": "H", "startMinute": 99_999_999, "endMinute": 0, "amount": raw("48.00"), "currency": "USD" }] });
}

fn by_whom(verb: DeskVerb) -> &'static str {
    if verb == DeskVerb::Withdraw { "lan" } else { "sam" }
}

fn who_says(saying: Saying) -> &'static str {
    if saying == Saying::Comment { "lan" } else { "sam" }
}

fn dollars(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

fn refused(refusal: Refusal) -> Word {
    match refusal {
        Refusal::Absent => simple::ABSENT,
        Refusal::KeyReused => simple::KEY_REUSED,
        Refusal::AlreadyInRefund(_) => simple::TAKEN,
        Refusal::PaidByCard => simple::BY_CARD,
        refusal => panic!("{refusal:?}"),
    }
}
