//! Three languages, complete: the same sentences with the same fills, none unused, none missing.

use std::collections::{BTreeMap, BTreeSet};

use afterfare::kernel::language::Language;
use afterfare::web::words::resources;
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

/// Every sentence of a language with the names of its fills. A file that does not parse wholly fails.
fn sentences(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let mut all = BTreeMap::new();
    for file in resources(language) {
        let parsed = fluent_syntax::parser::parse(file.as_str()).unwrap_or_else(|(_, errors)| panic!("{language}: {errors:?}"));
        for entry in parsed.body {
            if let Entry::Message(message) = entry {
                let mut fills = BTreeSet::new();
                collect(message.value.as_ref().expect("a text"), &mut fills);
                let twice = all.insert(message.id.name.to_owned(), fills).is_some();
                assert!(!twice, "{language}: {} stands twice", message.id.name);
            }
        }
    }
    all
}

fn collect(pattern: &Pattern<&str>, fills: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        let PatternElement::Placeable { expression } = element else { continue };
        match expression {
            Expression::Inline(inline) => note(inline, fills),
            Expression::Select { selector, variants } => {
                note(selector, fills);
                for variant in variants {
                    collect(&variant.value, fills);
                }
            }
        }
    }
}

fn note(inline: &InlineExpression<&str>, fills: &mut BTreeSet<String>) {
    if let InlineExpression::VariableReference { id } = inline {
        fills.insert(id.name.to_owned());
    }
}

#[test]
fn every_language_has_the_same_sentences_with_the_same_fills() {
    let english = sentences(Language::English);
    assert!(english.len() > 500);
    for language in [Language::Chinese, Language::Vietnamese] {
        let other = sentences(language);
        let (ours, theirs): (BTreeSet<_>, BTreeSet<_>) = (english.keys().collect(), other.keys().collect());
        assert_eq!(ours.difference(&theirs).collect::<Vec<_>>(), Vec::<&&String>::new(), "missing in {language}");
        assert_eq!(theirs.difference(&ours).collect::<Vec<_>>(), Vec::<&&String>::new(), "too many in {language}");
        for (key, fills) in &english {
            assert_eq!(fills, &other[key], "the fills of {key} in {language}");
        }
    }
}

/// Keys that are made of a prefix and a stored word.
const MADE: &[&str] = &[
    "bsp-code-",
    "coupon-",
    "form-event-",
    "form-status-",
    "journey-",
    "notice-bsp-",
    "role-",
    "language-",
    "booking-status-",
    "payment-channel-",
    "journey-type-",
    "passenger-type-",
    "direction-",
    "product-type-",
    "refundability-",
    "refund-status-",
    "difference-",
    "ball-",
    "reason-",
    "refusal-",
    "verdict-",
    "destination-",
    "transfer-kind-",
    "view-",
    "event-",
    "done-",
    "no-show-",
    "desk-left-",
    "desk-overdue-by-",
    "duration-",
    "calculator-payment-",
    "chain-rule-",
    "combination-",
    "commission-base-",
    "coupon-status-",
    "document-",
    "fee-cap-",
    "fee-kind-",
    "fee-unit-",
    "form-of-payment-",
    "fuel-rule-",
    "hierarchy-",
    "market-scope-",
    "method-",
    "mistake-",
    "no-go-cause-",
    "no-go-domestic",
    "no-go-international",
    "publication-",
    "regime-",
    "rejected-",
    "screen-field-",
    "section-",
    "source-",
    "step-days-",
    "step-mixed-",
    "step-window-",
    "used-fare-method-",
    "used-fare-step-",
    "category-",
    "request-status-",
    "request-view-",
    "offer-kind-",
    "offer-status-",
    "offer-line-",
    "side-",
    "case-kind-",
    "mail-wish-",
    "mail-subject-",
    "incident-kind-",
    "incident-status-",
    "incident-result-",
    "compensation-cause-",
    "compensation-status-",
    "refund-kind-",
    "waives-",
    "allocation-",
    "batch-status-",
    "batch-row-",
    "field-",
    "finding-",
    "line-status-",
    "line-event-",
    "rejection-",
    "row-",
    "template-",
    "top-up-status-",
    "standing-",
    "statement-period-",
    "weekday-",
    "report-",
];

fn sources() -> String {
    fn read(folder: &std::path::Path, text: &mut String) {
        for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() { read(&entry, text) } else { text.push_str(&std::fs::read_to_string(&entry).unwrap_or_default()) }
        }
    }
    let mut text = String::new();
    for folder in ["src", "templates"] {
        read(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut text);
    }
    text
}

#[test]
fn no_sentence_is_unused() {
    let text = sources();
    let used = |key: &String| text.contains(&format!("\"{key}\"")) || MADE.iter().any(|prefix| key.starts_with(prefix));
    let unused: Vec<String> = sentences(Language::English).into_keys().filter(|key| !used(key)).collect();
    assert_eq!(unused, Vec::<String>::new());
}

#[test]
fn no_sentence_is_missing() {
    let (text, english) = (sources(), sentences(Language::English));
    let mut missing = BTreeSet::new();
    for marker in ["|t }}", "|t1(", "|t2(", "|tn(", "|to }}"] {
        for piece in text.split(marker) {
            let Some(key) = piece.rsplit("{{ \"").next().and_then(|rest| rest.strip_suffix('"')) else { continue };
            if !english.contains_key(key) {
                missing.insert(key.to_owned());
            }
        }
    }
    for piece in text.split("Message::new(\"").skip(1) {
        let key = piece.split('"').next().unwrap_or_default();
        if !english.contains_key(key) {
            missing.insert(key.to_owned());
        }
    }
    assert_eq!(missing, BTreeSet::new());
}

#[test]
fn stored_words_have_a_name_in_every_language() {
    use afterfare::web::words::Named;
    let mut keys: Vec<String> = Vec::new();
    macro_rules! names { ($($of:path),+) => { $(keys.extend(<$of>::ALL.iter().map(|one| one.name_key()));)+ } }
    names!(
        afterfare::kernel::actor::Role,
        Language,
        afterfare::bookings::model::Status,
        afterfare::bookings::model::PaymentChannel,
        afterfare::bookings::model::JourneyType,
        afterfare::bookings::model::PassengerType,
        afterfare::bookings::model::Direction,
        afterfare::bookings::model::ProductType,
        afterfare::bookings::model::Refundability,
        afterfare::refunds::model::Status,
        afterfare::refunds::model::Difference,
        afterfare::refunds::model::Ball,
        afterfare::refunds::model::Reason,
        afterfare::refund_calculation::quote::Verdict,
        afterfare::refund_calculation::quote::ReasonCode,
        afterfare::refund_calculation::quote::Destination,
        afterfare::ledger::TransferKind,
        afterfare::queue::view::View,
        afterfare::queue::view::RequestView,
        afterfare::refunds::model::Kind,
        afterfare::finance::filters::Standing,
        afterfare::requests::model::Category,
        afterfare::requests::model::Group,
        afterfare::requests::model::Status,
        afterfare::requests::offer_model::OfferKind,
        afterfare::requests::offer_model::OfferStatus,
        afterfare::requests::offer_model::OfferLine,
        afterfare::incidents::model::IncidentKind,
        afterfare::incidents::model::Status,
        afterfare::incidents::model::Outcome,
        afterfare::batches::model::Status,
        afterfare::batches::model::RowStatus,
        afterfare::remittances::model::LineStatus,
        afterfare::remittances::model::Finding,
        afterfare::remittances::model::AllocationState,
        afterfare::remittances::model::Rejection,
        afterfare::remittances::mapping::Field,
        afterfare::top_ups::model::Status,
        afterfare::statements::model::Period,
        afterfare::compensations::model::Cause,
        afterfare::compensations::model::Status,
        afterfare::notices::model::CaseKind,
        afterfare::notices::model::MailWish,
        afterfare::journal::Side
    );
    keys.extend(afterfare::requests::model::Category::ALL.iter().map(|category| category.hint_key()));
    keys.extend(afterfare::notices::model::CaseKind::ALL.iter().map(|kind| format!("mail-subject-{}", kind.word())));
    let row_key = |code: &afterfare::batches::model::RowCode| afterfare::batches::judging::Refused::new(*code).message.key;
    keys.extend(afterfare::batches::model::RowCode::ALL.iter().map(row_key));
    for code in afterfare::refunds::model::RefusalCode::all() {
        keys.extend([code.name_key(), code.next_step_key()]);
    }
    for language in Language::ALL {
        let known = sentences(*language);
        let missing: Vec<&String> = keys.iter().filter(|key| !known.contains_key(*key)).collect();
        assert_eq!(missing, Vec::<&String>::new(), "{language}");
    }
}

/// Every word that a quote, a rule set or a table can say has a sentence.
#[test]
fn every_word_of_the_calculation_is_named() {
    use afterfare::refund_calculation::{conditions, facts, law, lines, quote, rule_check, rules};
    use afterfare::rule_sets::no_go_store::TableScope;
    use afterfare::web::words::Named;
    let english = sentences(Language::English);
    let mut keys: Vec<String> = Vec::new();
    macro_rules! all {
        ($($name:ty),+ $(,)?) => { $(keys.extend(<$name>::ALL.iter().map(Named::name_key));)+ };
    }
    all!(
        quote::Verdict,
        quote::ReasonCode,
        quote::Destination,
        quote::Document,
        facts::CouponStatus,
        facts::FormOfPayment,
        facts::Publication,
        facts::Payment,
        facts::PassengerType,
        lines::FeeKind,
        lines::Method,
        lines::NoGoCause,
        lines::Rejected,
        lines::ScreenField,
        lines::UsedFareStep,
        rule_check::Mistake,
        rules::ChainRule,
        rules::Combination,
        rules::CommissionBase,
        rules::FeeCap,
        rules::FuelRule,
        rules::Hierarchy,
        rules::Scope,
        rules::Section,
        rules::UsedFareMethod,
        rules::Waives,
        conditions::FeeUnit,
        TableScope,
    );
    keys.extend(rules::Section::ALL.iter().map(|section| format!("source-{}", section.word())));
    keys.extend(law::Law::shipped().regimes.iter().map(|regime| format!("regime-{}", regime.name)));
    for prefix in ["step-window", "step-days"] {
        keys.extend(["always", "more-than", "less-than", "after", "between"].map(|kind| format!("{prefix}-{kind}")));
    }
    keys.extend(lines::Method::ALL.iter().map(|method| format!("step-mixed-{}", method.word())));
    let missing: Vec<&String> = keys.iter().filter(|key| !english.contains_key(*key)).collect();
    assert_eq!(missing, Vec::<&String>::new());
}
