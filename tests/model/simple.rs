//! What Afterfare promises of refunds, claims, requests and the ledger, in as few words as possible and without a database.

use std::collections::{BTreeMap, HashMap};

/// What a deed came to, in a word.
pub type Word = &'static str;

pub const DONE: Word = "done";
pub const ABSENT: Word = "absent";
pub const OVERTAKEN: Word = "overtaken";
pub const WRONG_STATUS: Word = "wrong status";
pub const KEY_REUSED: Word = "key reused";
pub const TAKEN: Word = "the passenger is in a refund";
pub const BY_CARD: Word = "paid by card";
pub const NO_AMOUNT: Word = "no amount";
pub const UNEXPLAINED: Word = "the difference is not explained";
pub const QUOTED_ANEW: Word = "quoted anew";
pub const ALREADY_OPEN: Word = "a request is open";
pub const OTHER_OPEN: Word = "another request is open";

/// What a passenger gets back by the rule, the fee per passenger, both in cents.
pub const ESTIMATE: i64 = 9319;
pub const FEE: i64 = 200;

#[derive(Debug, Clone)]
pub struct Order {
    pub by_card: bool,
    pub quotes: Vec<Quote>,
}

#[derive(Debug, Clone)]
pub struct Quote {
    pub passenger: i64,
    /// The minute at which it ends.
    pub until: i64,
    pub refund: Option<usize>,
}

#[derive(Debug, Clone)]
pub struct Refund {
    pub order: usize,
    pub passenger: i64,
    pub is_claim: bool,
    pub estimate: i64,
    pub status: Word,
    pub version: i64,
    pub confirmed: Option<i64>,
    pub actual: Option<i64>,
    pub assigned: bool,
}

#[derive(Debug, Clone)]
pub struct Request {
    pub order: usize,
    pub status: Word,
    pub version: i64,
    pub due: i64,
}

/// A verb of the desk, or the agency's withdrawal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeskVerb {
    Take,
    PutBack,
    Submit,
    Confirm(i64),
    Refuse,
    Receive(i64, bool),
    Credit,
    Fulfil,
    Withdraw,
    TakeBack,
}

/// What is said in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saying {
    Comment,
    Take,
    PutBack,
    Answer { processed: bool },
    Note,
    Merge { into: usize },
}

/// Minutes that things last.
#[derive(Debug, Clone, Copy)]
pub struct Spans {
    pub quote: i64,
    pub answer: i64,
    pub news: i64,
    pub completes: i64,
}

#[derive(Debug)]
pub struct Simple {
    pub spans: Spans,
    pub now: i64,
    pub orders: Vec<Order>,
    pub refunds: Vec<Refund>,
    pub requests: Vec<Request>,
    /// What stands on each kind of account: what is credited less what is debited, in cents.
    pub ledger: BTreeMap<&'static str, i64>,
    keys: HashMap<String, String>,
}

impl Simple {
    pub fn new(spans: Spans) -> Self {
        let (orders, refunds, requests) = (Vec::new(), Vec::new(), Vec::new());
        Self { spans, now: 0, orders, refunds, requests, ledger: BTreeMap::new(), keys: HashMap::new() }
    }

    /// What a form's key says: nothing of a new one.
    fn recall(&self, key: &str, form: &str) -> Option<Word> {
        self.keys.get(key).map(|first| if first == form { DONE } else { KEY_REUSED })
    }

    fn remember(&mut self, key: &str, form: String) {
        self.keys.insert(key.to_owned(), form);
    }

    /// Whether a refund that is not rejected or withdrawn has the passenger.
    fn is_taken(&self, order: usize, passenger: i64) -> bool {
        let has = |refund: &Refund| (refund.order, refund.passenger) == (order, passenger);
        self.refunds.iter().any(|refund| has(refund) && !["rejected", "withdrew"].contains(&refund.status))
    }

    pub fn quote(&mut self, order: usize, passenger: i64) -> Word {
        if self.is_taken(order, passenger) {
            return TAKEN;
        }
        let until = self.now + self.spans.quote;
        self.orders[order].quotes.push(Quote { passenger, until, refund: None });
        DONE
    }

    pub fn submit(&mut self, order: usize, quote: usize, key: &str) -> Word {
        let form = format!("submit {order} {quote}");
        if let Some(word) = self.recall(key, &form) {
            return word;
        }
        let chosen = self.orders[order].quotes[quote].clone();
        if chosen.refund.is_some() {
            return DONE;
        }
        if self.is_taken(order, chosen.passenger) {
            return TAKEN;
        }
        if self.now >= chosen.until || quote + 1 < self.orders[order].quotes.len() {
            self.quote(order, chosen.passenger);
            return QUOTED_ANEW;
        }
        self.register(order, quote, None);
        self.remember(key, form);
        DONE
    }

    pub fn claim(&mut self, order: usize, passenger: i64, expected: Option<i64>, key: &str) -> Word {
        let form = format!("claim {order} {passenger}");
        if let Some(word) = self.recall(key, &form) {
            return word;
        }
        if self.orders[order].by_card {
            return BY_CARD;
        }
        if self.quote(order, passenger) == TAKEN {
            return TAKEN;
        }
        self.register(order, self.orders[order].quotes.len() - 1, Some(expected.unwrap_or(ESTIMATE)));
        self.remember(key, form);
        DONE
    }

    fn register(&mut self, order: usize, quote: usize, claimed: Option<i64>) {
        self.orders[order].quotes[quote].refund = Some(self.refunds.len());
        self.refunds.push(Refund {
            order,
            passenger: self.orders[order].quotes[quote].passenger,
            is_claim: claimed.is_some(),
            estimate: claimed.unwrap_or(ESTIMATE),
            status: "atlas-processing",
            version: 1,
            confirmed: None,
            actual: None,
            assigned: false,
        });
    }

    pub fn desk(&mut self, refund: usize, verb: DeskVerb, seen: i64, key: &str) -> Word {
        let form = format!("refund {verb:?} {refund} {seen}");
        if let Some(word) = self.recall(key, &form) {
            return word;
        }
        if self.refunds[refund].version != seen {
            return OVERTAKEN;
        }
        let word = self.carry_out(refund, verb);
        if word == DONE {
            self.refunds[refund].version += 1;
            self.remember(key, form);
        }
        word
    }

    fn carry_out(&mut self, nth: usize, verb: DeskVerb) -> Word {
        let before = self.refunds[nth].clone();
        let by_card = self.orders[before.order].by_card;
        let is_closed = ["refunded", "rejected", "withdrew", "fulfillment-done"].contains(&before.status);
        let mut after = before.clone();
        let possible = match verb {
            DeskVerb::Take | DeskVerb::PutBack => !is_closed,
            DeskVerb::Submit => before.status == "atlas-processing",
            DeskVerb::Confirm(_) => before.status == "airline-processing" && !by_card,
            DeskVerb::Refuse => !is_closed && before.actual.is_none(),
            DeskVerb::Receive(..) => before.status == "airline-refunding" && before.actual.is_none(),
            DeskVerb::Credit => before.status == "airline-refunding" && before.actual.is_some(),
            DeskVerb::Fulfil => before.status == "airline-processing" && by_card,
            DeskVerb::Withdraw => before.status == "atlas-processing" && before.is_claim,
            DeskVerb::TakeBack => before.actual.is_some(),
        };
        if !possible {
            return WRONG_STATUS;
        }
        match verb {
            DeskVerb::Take => after.assigned = true,
            DeskVerb::PutBack => after.assigned = false,
            DeskVerb::Submit => after.status = "airline-processing",
            DeskVerb::Confirm(amount) | DeskVerb::Receive(amount, _) if amount <= 0 => return NO_AMOUNT,
            DeskVerb::Confirm(amount) => {
                (after.status, after.confirmed) = ("airline-refunding", Some(amount));
                self.moves("airline-receivable", "refund-payable", amount);
            }
            DeskVerb::Refuse => {
                after.status = "rejected";
                if before.status == "airline-refunding" {
                    self.moves("refund-payable", "airline-receivable", before.confirmed.unwrap_or(0));
                }
            }
            DeskVerb::Receive(amount, explained) => {
                if amount != before.estimate && !explained {
                    return UNEXPLAINED;
                }
                after.actual = Some(amount);
                self.receive(&before, amount, 1);
                if amount < FEE {
                    after.status = "rejected";
                }
            }
            DeskVerb::Credit => {
                after.status = "refunded";
                self.credit(before.actual.unwrap_or(0), 1);
            }
            DeskVerb::Fulfil => after.status = "fulfillment-done",
            DeskVerb::Withdraw => after.status = "withdrew",
            DeskVerb::TakeBack => {
                // What was rejected let its passenger go; somebody else may have them by now.
                if before.status == "rejected" && self.is_taken(before.order, before.passenger) {
                    return TAKEN;
                }
                let amount = before.actual.unwrap_or(0);
                if before.status == "refunded" {
                    self.credit(amount, -1);
                }
                self.receive(&before, amount, -1);
                (after.status, after.actual) = ("airline-refunding", None);
            }
        }
        self.refunds[nth] = after;
        DONE
    }

    /// The airline's money comes; what it is more or less than confirmed changes what is owed. Less than the fee is nobody's.
    fn receive(&mut self, refund: &Refund, amount: i64, times: i64) {
        let more = amount - refund.confirmed.unwrap_or(amount);
        self.moves("airline-cash", "airline-receivable", times * amount);
        self.moves("airline-receivable", "refund-payable", times * more);
        if amount < FEE {
            self.moves("refund-payable", "unallocated", times * amount);
        }
    }

    fn credit(&mut self, amount: i64, times: i64) {
        self.moves("refund-payable", "deposit", times * amount);
        self.moves("deposit", "service-fee-income", times * FEE);
    }

    fn moves(&mut self, debit: &'static str, credit: &'static str, amount: i64) {
        *self.ledger.entry(debit).or_default() -= amount;
        *self.ledger.entry(credit).or_default() += amount;
    }

    fn open_of(&self, order: usize) -> Option<usize> {
        self.requests.iter().position(|request| request.order == order && ["new", "in-process"].contains(&request.status))
    }

    pub fn open(&mut self, order: usize, key: &str) -> Word {
        let form = format!("open {order}");
        if let Some(word) = self.recall(key, &form) {
            return word;
        }
        if self.open_of(order).is_some() {
            return ALREADY_OPEN;
        }
        self.requests.push(Request { order, status: "new", version: 1, due: self.now + self.spans.answer });
        self.remember(key, form);
        DONE
    }

    pub fn say(&mut self, request: usize, saying: Saying, seen: i64, key: &str) -> Word {
        let form = format!("request {saying:?} {request} {seen}");
        if let Some(word) = self.recall(key, &form) {
            return word;
        }
        if self.requests[request].version != seen {
            return OVERTAKEN;
        }
        let before = self.requests.clone();
        let word = match saying {
            Saying::Note if self.requests[request].status == "completed" => WRONG_STATUS,
            Saying::Note => DONE,
            Saying::Merge { into } if into == request => ABSENT,
            Saying::Merge { into } => match self.change(request, saying) {
                DONE => self.change(into, Saying::Comment),
                word => word,
            },
            saying => self.change(request, saying),
        };
        if word == DONE {
            self.remember(key, form);
        } else {
            self.requests = before;
        }
        word
    }

    fn change(&mut self, nth: usize, saying: Saying) -> Word {
        let other_open = self.open_of(self.requests[nth].order).is_some_and(|open| open != nth);
        let (now, spans) = (self.now, self.spans);
        let request = &mut self.requests[nth];
        let (status, due) = match (saying, request.status) {
            (_, "completed") => return WRONG_STATUS,
            (Saying::Comment, "processed") if other_open => return OTHER_OPEN,
            (Saying::Answer { processed: false }, "processed") if other_open => ("processed", now + spans.completes),
            (Saying::Comment, "processed") => ("in-process", now + spans.answer),
            (Saying::Take, "new") => ("in-process", request.due),
            (Saying::Comment | Saying::Take | Saying::PutBack | Saying::Note, status) => (status, request.due),
            (Saying::Answer { processed: true }, _) => ("processed", now + spans.completes),
            (Saying::Answer { processed: false }, _) => ("in-process", now + spans.news),
            (Saying::Merge { .. }, _) => ("completed", request.due),
        };
        (request.status, request.due, request.version) = (status, due, request.version + 1);
        DONE
    }

    /// The background work completes what nobody answered.
    pub fn work(&mut self) {
        let now = self.now;
        for request in self.requests.iter_mut().filter(|request| request.status == "processed" && request.due <= now) {
            (request.status, request.version) = ("completed", request.version + 1);
        }
    }
}
