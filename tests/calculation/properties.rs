//! What holds for every refund, whatever the facts.

use afterfare::kernel::money::{Money, Rounding};
use afterfare::refund_calculation::conditions::Range;
use afterfare::refund_calculation::facts::{
    Ancillary, Commission, Conditions, CouponStatus, Direction, EarlierTicket, Facts, Fee, FeeBase, FeeUnit, NoShow, PassengerType, Reason,
    Refundability, Span, Ticket, Window,
};
use afterfare::refund_calculation::mixed::TwoMethods;
use afterfare::refund_calculation::quote::{Quote, Verdict};
use afterfare::refund_calculation::rules::{
    ChainRule, Combination, CommissionBase, FeeCap, FuelRule, Hierarchy, LineRounding, PassengerFactor, RuleSet, UsedFareMethod,
};
use afterfare::refund_calculation::{calculate, settlement};
use proptest::prelude::*;
use proptest::sample::select;

use super::make::{code, component, conditions, coupon, currency, departure, facts, one_way, rules, tax};

fn usd(minor: i64) -> Money {
    Money::new(minor, currency("USD"))
}

fn quote(facts: &Facts, rules: &RuleSet) -> Quote {
    calculate(facts, rules).expect("well-formed facts")
}

prop_compose! {
    /// A fee of one window: an amount, or a share of something.
    fn any_window_fee()(share in any::<bool>(), size in 0i64..40_000, base in select(FeeBase::ALL), limited in any::<bool>()) -> (Fee, FeeBase, Option<Money>) {
        let fee = if share { Fee::BasisPoints(u32::try_from(size % 10_001).expect("small")) } else { Fee::Amount(usd(size)) };
        (fee, base, limited.then(|| usd(20_000)))
    }
}

prop_compose! {
    fn any_conditions()(
        edges in prop::collection::btree_set(-2_000i64..40_000, 0..4),
        kinds in prop::collection::vec(select(Refundability::ALL), 5),
        fees in prop::collection::vec(any_window_fee(), 5),
        to_included in any::<bool>(),
        unit in select(FeeUnit::ALL),
        no_show in prop::option::of((0i64..3_000, select(Refundability::ALL), 0i64..20_000)),
        misc in prop::option::of(0i64..3_000),
    ) -> Conditions {
        let points: Vec<Option<i64>> = std::iter::once(None).chain(edges.iter().rev().copied().map(Some)).chain([None]).collect();
        let windows = points.windows(2).enumerate().map(|(place, ends)| {
            let (fee, base, maximum) = fees[place].clone();
            let refundability = kinds[place];
            let fee = (refundability == Refundability::WithFee).then_some(fee);
            Window { span: Span::Minutes(Range { from: ends[0], to: ends[1], to_included }), refundability, fee, base, minimum: None, maximum }
        });
        let mut conditions = conditions(windows.collect());
        conditions.fee_unit = unit;
        conditions.misc_fee = misc.map(usd);
        conditions.no_show = no_show.map(|(cutoff_minutes, refundability, fee)| NoShow {
            cutoff_minutes,
            refundability,
            fee: (refundability == Refundability::WithFee).then(|| Fee::Amount(usd(fee))),
        });
        conditions
    }
}

prop_compose! {
    fn any_ticket()(
        fares in prop::collection::vec((0i64..80_000, 1i64..3), 1..4),
        taxes in prop::collection::vec((select(&["US", "GB", "YQ", "XF"][..]), 0i64..9_000, 0usize..4), 0..8),
        extras in prop::collection::vec((0i64..9_000, any::<bool>(), any::<bool>()), 0..3),
        flown in 0usize..3,
        used in 0i64..120_000,
        passenger_type in select(PassengerType::ALL),
        commission in prop::option::of((0u32..2_000, 0u32..5_000)),
        chain in prop::collection::vec(select(&["M", "K", "Q"][..]), 0..3),
    ) -> Ticket {
        let mut ticket = one_way("USD 0.00", &[]);
        ticket.passenger_type = passenger_type;
        ticket.fare = usd(fares.iter().map(|(fare, _)| fare).sum());
        ticket.components.clear();
        ticket.coupons.clear();
        let airports = ["HAN", "SGN", "DAD", "HAN"];
        for (no, (fare, unit)) in (1..).zip(&fares) {
            let mut own = component(no, None);
            (own.fare, own.pricing_unit, own.booking_class) = (Some(usd(*fare)), *unit, Some(code("Y")));
            ticket.components.push(own);
            let place = usize::try_from(no).expect("small");
            ticket.coupons.push(coupon(no, no, airports[place - 1], airports[place]));
        }
        // At least one coupon stays open.
        for coupon in ticket.coupons.iter_mut().take(flown.min(fares.len() - 1)) {
            coupon.status = CouponStatus::Flown;
            ticket.used_fare = Some(usd(used));
        }
        ticket.taxes = taxes.iter().map(|(name, amount, on)| {
            let no = i64::try_from(on % fares.len()).expect("small") + 1;
            let mut one = tax(&format!("{name} USD 0.00"), Some(no));
            one.amount = usd(*amount);
            one
        }).collect();
        ticket.ancillaries = extras.iter().map(|(price, refundable, used)| Ancillary {
            name: "bag".to_owned(), price: usd(*price), refundable: *refundable, used: *used,
        }).collect();
        ticket.commission = commission.map(|(points, on_fee)| Commission { basis_points: Some(points), amount: None, fee_basis_points: on_fee });
        ticket.chain = chain.iter().enumerate().map(|(place, class)| EarlierTicket {
            document_number: code(&format!("738-{place}")), issued_on: None, fare: usd(i64::try_from(place).expect("small") * 10_000 + 9_000),
            fare_basis: None, booking_class: Some(code(class)),
        }).collect();
        ticket
    }
}

prop_compose! {
    /// Conditions of each direction's fare and of the classes that earlier tickets had.
    fn any_rules()(
        of_out in any_conditions(),
        of_back in any_conditions(),
        earlier in prop::collection::vec(any_conditions(), 3),
        combination in select(Combination::ALL),
        hierarchy in prop::option::of(select(Hierarchy::ALL)),
        cap in select(FeeCap::ALL),
        fuel in select(FuelRule::ALL),
        of_non_refundable in any::<bool>(),
        tax_only_fee in prop::option::of(0i64..4_000),
        base in select(CommissionBase::ALL),
        factor in 0u32..10_001,
        unit in select(&[1i64, 7, 100][..]),
        direction in select(&[Rounding::HalfUp, Rounding::Up, Rounding::Down][..]),
    ) -> RuleSet {
        let mut all: Vec<Conditions> = ["M", "K", "Q"].iter().zip(earlier).map(|(class, mut conditions)| {
            conditions.applies.booking_classes = vec![code(class)];
            conditions
        }).collect();
        let mut of_out = of_out;
        of_out.applies.directions = vec![Direction::Outbound];
        all.extend([of_out, of_back]);
        let mut rules = rules(all);
        rules.combination = combination;
        rules.hierarchy = hierarchy;
        rules.fee_cap = cap;
        rules.taxes.fuel = fuel;
        rules.taxes.of_non_refundable = of_non_refundable;
        rules.taxes.tax_only_fee = tax_only_fee.map(usd);
        rules.commission_base = base;
        rules.passenger_factors = vec![PassengerFactor { passenger_type: PassengerType::Child, has_seat: None, basis_points: factor }];
        rules.used_fare.method = UsedFareMethod::FareComponentAsTicketed;
        rules.rounding.fee = LineRounding { direction, units: vec![usd(unit)] };
        rules
    }
}

prop_compose! {
    fn any_facts()(tickets in prop::collection::vec(any_ticket(), 1..3), minutes_before in -3_000i64..50_000, seconds in 0i64..60, involuntary in any::<bool>(),
        released in prop::option::of(0i64..50_000)) -> Facts {
        let mut facts = facts(tickets[0].clone());
        facts.tickets = tickets;
        for (no, ticket) in (1..).zip(&mut facts.tickets) { ticket.no = no; }
        facts.requested_at = departure() - jiff::SignedDuration::from_secs(minutes_before * 60 + seconds);
        facts.seats_released_at = released.map(|minutes| departure() - jiff::SignedDuration::from_mins(minutes));
        facts.reason = if involuntary { Reason::Involuntary } else { Reason::Voluntary };
        facts
    }
}

fn check_sums(quote: &Quote, rules: &RuleSet, involuntary: bool) -> Result<(), TestCaseError> {
    let zero = usd(0);
    let sum = |amounts: &mut dyn Iterator<Item = Money>| amounts.fold(zero, |sum, amount| sum.plus(amount).expect("a sum"));
    let (refund, penalty) = (quote.totals.refund.expect("a refund"), quote.totals.penalty.expect("a penalty"));
    prop_assert_eq!(refund.plus(penalty), Ok(quote.totals.original));
    prop_assert_eq!(sum(&mut quote.passengers.iter().filter_map(|line| line.refund)), refund);
    prop_assert!(refund.minor <= quote.totals.original.minor);
    prop_assert!(refund.minor >= 0 || rules.fee_cap == FeeCap::CarryExcess);
    for line in &quote.passengers {
        let parts = line.breakdown.expect("parts");
        let kept = line.fare_penalty.expect("kept").plus(line.ancillary_penalty.expect("kept")).expect("a sum");
        let paid = line.fare.plus(line.tax).and_then(|sum| sum.plus(line.ancillaries)).expect("a sum");
        prop_assert_eq!(line.refund.expect("a refund").plus(kept), Ok(paid));
        prop_assert!(line.refund.expect("a refund").minor <= paid.minor);
        let taxes = || line.taxes.iter();
        prop_assert_eq!(sum(&mut taxes().map(|tax| tax.refund)), parts.tax_returned);
        for tax in taxes() {
            prop_assert_eq!(sum(&mut [tax.used, tax.kept, tax.refund].into_iter()), tax.amount);
        }
        let fees = line.fees.iter().map(|fee| fee.charged);
        prop_assert_eq!(sum(&mut fees.into_iter()), parts.fees_before_cap, "the fee lines are the fees");
        prop_assert!(parts.fees.minor <= parts.fees_before_cap.minor);
        prop_assert!(!involuntary || parts.fees.is_zero());
        let both = TwoMethods::of(&parts).expect("values");
        prop_assert_eq!(both.by_exchange_tax(), both.by_net_remit());
        prop_assert_eq!(both.by_net_remit().and_then(|sum| sum.plus(parts.ancillaries_returned)), Ok(line.refund.expect("a refund")));
    }
    let commission = quote.totals.commission_on_fee.expect("a sum").minus(quote.totals.commission_recalled.expect("a sum")).expect("a sum");
    prop_assert_eq!(refund.plus(commission).ok(), quote.totals.airline_to_agency);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("AFTERFARE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(10_000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn refund_and_kept_are_what_was_paid_and_lines_are_their_totals(facts in any_facts(), rules in any_rules()) {
        let quote = quote(&facts, &rules);
        prop_assert!(settlement::agrees(&quote));
        if quote.has_amounts() {
            check_sums(&quote, &rules, facts.reason == Reason::Involuntary)?;
            let nothing = quote.passengers.iter().all(|line| line.refund.is_some_and(Money::is_zero));
            prop_assert_eq!(quote.verdict == Verdict::NonRefundable, nothing && facts.reason == Reason::Voluntary);
        } else {
            prop_assert!(quote.totals.refund.is_none() && !quote.reasons.is_empty());
        }
    }

    #[test]
    fn involuntary_is_never_less_than_voluntary(mut facts in any_facts(), rules in any_rules()) {
        facts.reason = Reason::Voluntary;
        let voluntary = quote(&facts, &rules).totals.refund;
        facts.reason = Reason::Involuntary;
        let involuntary = quote(&facts, &rules).totals.refund.expect("always known");
        prop_assert!(voluntary.is_none_or(|voluntary| voluntary.minor <= involuntary.minor));
    }

    #[test]
    fn the_strictest_of_a_chain_is_no_more_than_any_ticket_of_it(ticket in any_ticket(), rules in any_rules(), minutes_before in -3_000i64..50_000) {
        let mut facts = facts(ticket.clone());
        facts.requested_at = departure() - jiff::SignedDuration::from_mins(minutes_before);
        let strictest = quote(&facts, &rules).totals.refund;
        // Each ticket of the chain alone: the same facts by that ticket's class.
        let classes = ticket.chain.iter().map(|earlier| earlier.booking_class).chain([ticket.components[0].booking_class]);
        for class in classes {
            let mut alone = facts.clone();
            alone.tickets[0].chain.clear();
            alone.tickets[0].components.iter_mut().for_each(|component| component.booking_class = class);
            if let (Some(strictest), Some(alone)) = (strictest, quote(&alone, &rules).totals.refund) {
                prop_assert!(strictest.minor <= alone.minor, "{strictest} against {alone} of {class:?}");
            }
        }
        let locked = RuleSet { chain: ChainRule::LockOriginal, ..rules };
        if let Some(refund) = quote(&facts, &locked).totals.refund {
            prop_assert!(refund.minor <= facts.tickets[0].fare.minor + 200_000);
        }
    }

    #[test]
    fn later_never_costs_less_on_a_ladder_that_only_rises(
        mut fees in prop::collection::vec(0i64..60_000, 2..5), ticket in any_ticket(), cap in select(FeeCap::ALL), first in 0i64..40_000, second in 0i64..40_000,
        shares in any::<bool>(), ends_lost in any::<bool>(),
    ) {
        fees.sort_unstable();
        let edges = [30_000i64, 10_000, 2_000];
        let last = fees.len() - 1;
        let windows = fees.iter().enumerate().map(|(place, fee)| {
            let range = Range { from: place.checked_sub(1).map(|before| edges[before]), to: edges.get(place).copied().filter(|_| place < last), to_included: false };
            let lost = ends_lost && place == last;
            let fee = if shares { Fee::BasisPoints(u32::try_from(fee / 6).expect("small")) } else { Fee::Amount(usd(*fee)) };
            let refundability = if lost { Refundability::NonRefundable } else { Refundability::WithFee };
            Window { span: Span::Minutes(range), refundability, fee: (!lost).then_some(fee), base: FeeBase::Fare, minimum: None, maximum: None }
        });
        let mut rules = rules(vec![conditions(windows.collect())]);
        // A non-refundable end must not give back taxes that a fee above the fare would have taken.
        rules.fee_cap = if ends_lost { FeeCap::CapFareAndFuel } else { cap };
        let mut ticket = ticket;
        ticket.chain.clear();
        ticket.coupons.truncate(1);
        ticket.components.truncate(1);
        ticket.components[0].fare = None;
        ticket.coupons[0].status = CouponStatus::Open;
        ticket.used_fare = None;
        ticket.taxes.iter_mut().for_each(|tax| tax.coupon = Some(1));
        let at = |minutes: i64| {
            let mut facts = facts(ticket.clone());
            facts.requested_at = departure() - jiff::SignedDuration::from_mins(minutes);
            quote(&facts, &rules).totals.refund.expect("a refund").minor
        };
        let (early, late) = (first.max(second), first.min(second));
        prop_assert!(at(late) <= at(early), "{} minutes before: {}, {} minutes before: {}", early, at(early), late, at(late));
    }

    #[test]
    fn the_order_of_the_input_changes_nothing(facts in any_facts(), rules in any_rules()) {
        let mut turned = facts.clone();
        for ticket in &mut turned.tickets {
            ticket.coupons.reverse();
            ticket.components.reverse();
        }
        let answer = quote(&facts, &rules);
        prop_assert_eq!(&quote(&turned, &rules), &answer);
        prop_assert_eq!(&quote(&facts, &rules), &answer, "same facts and rules, same answer");
        turned.tickets.reverse();
        prop_assert_eq!(&quote(&turned, &rules).totals.original, &answer.totals.original);
    }

    #[test]
    fn documents_survive_json(facts in any_facts(), rules in any_rules()) {
        let again: Facts = serde_json::from_str(&serde_json::to_string(&facts).expect("json")).expect("facts");
        prop_assert_eq!(&again, &facts);
        let read: RuleSet = serde_json::from_str(&serde_json::to_string(&rules).expect("json")).expect("rules");
        prop_assert_eq!(&read, &rules);
        let answer = quote(&facts, &rules);
        let kept: Quote = serde_json::from_str(&serde_json::to_string(&answer).expect("json")).expect("a quote");
        prop_assert_eq!(kept, answer);
    }
}
