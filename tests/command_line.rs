//! The command line, as a script would use it.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use afterfare::db::Kind;

use crate::world::{Folder, new_database, order};

fn afterfare(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_afterfare")).args(arguments).stdin(Stdio::null()).output().expect("the program starts")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn fed(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_afterfare"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("the input is taken");
    child.wait_with_output().expect("the program ends")
}

async fn the_road_of_a_script(kind: Kind) {
    let (url, _folder) = new_database(kind).await;
    let own = Folder::new();
    let at = ["--database", url.as_str()];
    let run = |arguments: &[&str]| afterfare(&[arguments, &at].concat());
    let added = run(&["agency", "add", "sunriver", "Sunriver Travel", "--currency", "USD", "--credit-line", "250.00"]);
    assert_eq!((added.status.code(), said(&added).contains("SUNRIVER Sunriver Travel added")), (Some(0), true), "{}", said(&added));
    let twice = run(&["agency", "add", "SUNRIVER", "Again", "--currency", "USD"]);
    assert_eq!((twice.status.code(), said(&twice).contains("already")), (Some(1), true), "{}", said(&twice));
    let user = run(&["user", "add", "lan@sunriver.example", "--role", "admin", "--agency", "sunriver"]);
    assert!(said(&user).contains("/set-password/"), "{}", said(&user));
    let lost = run(&["user", "add", "lan2@sunriver.example", "--role", "admin"]);
    assert_eq!((lost.status.code(), said(&lost).contains("Agency roles need an agency")), (Some(1), true), "{}", said(&lost));

    let file = own.0.join("orders.jsonl");
    let good = order("SKLA20261104193210042").finish().0;
    std::fs::write(&file, format!("{good}\n{{\"orderNo\": 5}}\n")).expect("a file");
    let path = file.to_str().expect("a path");
    let imported = run(&["import", "orders", path, "--agency", "SUNRIVER"]);
    assert_eq!(imported.status.code(), Some(1));
    assert!(said(&imported).contains(&format!("{path}:2: orders[1].orderNo:")), "{}", said(&imported));
    assert!(said(&imported).contains("1 added, 0 updated, 0 unchanged, 1 refused"), "{}", said(&imported));
    let again = fed(&[["import", "orders", "-", "--agency", "sunriver"].as_slice(), at.as_slice()].concat(), &good);
    assert_eq!(again.status.code(), Some(0));
    assert!(said(&again).contains("0 added, 0 updated, 1 unchanged, 0 refused"), "{}", said(&again));
    let unknown = run(&["import", "orders", path, "--agency", "NOBODY"]);
    assert_eq!((unknown.status.code(), said(&unknown).contains("There is no agency")), (Some(1), true));

    let cancelled = r#"{"notificationId":"N-1","status":0,"type":"abnormal.cancelled","data":{"orderNo":"SKLA20261104193210042"}}"#;
    let strange = r#"{"notificationId":"N-2","status":0,"type":"order.paid","data":{"orderNo":"SKLA20261104193210042"}}"#;
    let told = fed(&[["import", "incidents", "-"].as_slice(), at.as_slice()].concat(), &format!("{cancelled}\n{strange}\n{cancelled}\n"));
    assert_eq!((told.status.code(), said(&told).contains("1 added, 1 unchanged, 1 refused")), (Some(1), true), "{}", said(&told));
    assert!(said(&told).contains("-:2: type:"), "{}", said(&told));

    let rates = own.0.join("rates.csv");
    std::fs::write(&rates, "date,from,to,rate\n2026-11-20,CNY,USD,0.137917\n2026-11-20,CNY,USD,zero\n").expect("a file");
    let loaded = run(&["import", "rates", rates.to_str().expect("a path")]);
    assert_eq!((loaded.status.code(), said(&loaded).contains("1 rates loaded, 1 lines refused")), (Some(1), true), "{}", said(&loaded));
    let verified = run(&["verify"]);
    assert_eq!((verified.status.code(), said(&verified).contains("The books are clean")), (Some(0), true), "{}", said(&verified));
    crate::world::execute(&url, "INSERT INTO accounts (id, kind, owner, currency, balance_minor) VALUES ('x', 'deposit', 'x', 'USD', 5)")
        .await;
    let mistyped = afterfare(&["verify", "--database", "sqlite:///nowhere/at-all.db"]);
    assert_eq!((mistyped.status.code(), said(&mistyped).contains("there is no database")), (Some(1), true), "{}", said(&mistyped));
    let damaged = run(&["verify"]);
    assert_eq!((damaged.status.code(), said(&damaged).contains("1 differences in the books")), (Some(1), true), "{}", said(&damaged));
}

#[actix_web::test]
async fn the_road_of_a_script_on_sqlite() {
    the_road_of_a_script(Kind::Sqlite).await;
}

#[actix_web::test]
async fn the_road_of_a_script_on_postgres() {
    the_road_of_a_script(Kind::Postgres).await;
}

#[test]
fn a_bad_setting_names_itself_and_what_is_allowed() {
    let output = afterfare(&["serve", "--page-rows", "2"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("--page-rows") && said(&output).contains("5..=500"), "{}", said(&output));
    let output =
        Command::new(env!("CARGO_BIN_EXE_afterfare")).args(["verify"]).env("AFTERFARE_DATABASE", "mysql://x").output().expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("--database") && said(&output).contains("sqlite://FILE"), "{}", said(&output));
    for command in [["--help"].as_slice(), &["import", "orders", "--help"], &["user", "add", "--help"], &["quote", "--help"]] {
        assert_eq!(afterfare(command).status.code(), Some(0));
    }
    assert_eq!(afterfare(&["refund"]).status.code(), Some(2));
}

#[test]
fn a_quote_is_explained_or_named_where_it_is_wrong() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/facts-example.json");
    let text = afterfare(&["quote", example]);
    assert_eq!(text.status.code(), Some(0), "{}", said(&text));
    for words in ["Accurate quote", "USD 522.19", "USD 447.20", "USD 74.99", "CNY 480.00 × 0.137917"] {
        assert!(said(&text).contains(words), "{words}: {}", said(&text));
    }
    let json: serde_json::Value = serde_json::from_slice(&afterfare(&["quote", example, "--format", "json"]).stdout).expect("json");
    assert_eq!(json["totals"]["refund"]["amount"], "74.99");
    let broken = fed(&["quote", "-"], "{\"currency\": \"USD\", \"payment\": \"cheque\"}");
    assert_eq!(broken.status.code(), Some(1));
    assert!(said(&broken).contains("payment: unknown variant `cheque`"), "{}", said(&broken));
}

/// The most memory that importing so many orders took, in KiB, as the kernel counts it.
fn peak_of_import(orders: usize) -> u64 {
    let folder = Folder::new();
    let url = format!("sqlite://{}/afterfare.db", folder.0.display());
    assert!(afterfare(&["agency", "add", "BENCH", "Bench", "--currency", "USD", "--database", &url]).status.success());
    let file = folder.0.join("orders.jsonl");
    let lines: String = (0..orders).map(|n| order(&format!("SKLA2026110419{n:07}")).finish().0 + "\n").collect();
    std::fs::write(&file, lines).expect("a file");
    let mut child = Command::new(env!("CARGO_BIN_EXE_afterfare"))
        .args(["import", "orders", file.to_str().expect("a path"), "--agency", "BENCH", "--database", &url])
        .stdout(Stdio::null())
        .spawn()
        .expect("the program starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().expect("a process").is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
        peak = line.trim().trim_end_matches(" kB").parse().unwrap_or(0).max(peak);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    peak
}

#[test]
fn an_import_of_many_orders_needs_no_more_memory_than_one_of_few() {
    let (few, many) = (peak_of_import(1_000), peak_of_import(12_000));
    // The database's own cache fills up to its fixed size; nothing else may grow.
    assert!(few > 0 && many < few + 24 * 1024, "1,000 orders: {few} KiB, 12,000 orders: {many} KiB");
}

#[test]
fn rule_sets_are_checked_and_chosen_by_the_quote() {
    let at = |path: &str| format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    let (vietnam, jeju, ticket) = (at("rules/vn-domestic.json"), at("rules/jeju.json"), at("docs/facts-ticket-example.json"));
    let good = afterfare(&["rules", "check", &vietnam, &jeju]);
    assert_eq!(good.status.code(), Some(0), "{}", said(&good));
    assert!(said(&good).contains("vn-domestic/2018-02: nothing is wrong (Vietnam Airlines, domestic)"));
    let wrong = std::fs::read_to_string(&vietnam).expect("a file").replace("\"cutoff_minutes\": 180", "\"cutoff_minutes\": -1");
    let refused = fed(&["rules", "check", "-"], &wrong);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("-: conditions[1].no_show.cutoff_minutes: must not be below zero."), "{}", said(&refused));
    let unreadable = fed(&["rules", "check", "-"], &wrong.replace("\"chain\"", "\"chains\""));
    assert!(said(&unreadable).contains("unknown field `chains`"), "{}", said(&unreadable));
    let quoted = afterfare(&["quote", &ticket, "--rules", &jeju, "--rules", &vietnam]);
    assert_eq!(quoted.status.code(), Some(0), "{}", said(&quoted));
    for words in ["VND 1,919,000", "vn-domestic/2018-02", "TM 5.1, 5.8", "Accounting"] {
        assert!(said(&quoted).contains(words), "{words} is not in {}", said(&quoted));
    }
    let none = afterfare(&["quote", &ticket, "--rules", &jeju]);
    assert_eq!((none.status.code(), said(&none).contains("none of the rule sets is for these facts")), (Some(1), true), "{}", said(&none));
}

async fn rule_sets_are_loaded_by_a_script(kind: Kind) {
    let (url, _folder) = new_database(kind).await;
    let vietnam = format!("{}/rules/vn-domestic.json", env!("CARGO_MANIFEST_DIR"));
    let run = |more: &[&str]| afterfare(&[["rules", "load", vietnam.as_str(), "--database", url.as_str()].as_slice(), more].concat());
    let past = run(&["--from", "2020-01-01"]);
    assert_eq!((past.status.code(), said(&past).contains("must be today or later")), (Some(1), true), "{}", said(&past));
    let loaded = run(&["--from", "2099-01-01"]);
    assert_eq!((loaded.status.code(), said(&loaded).contains("loaded, in use from 2099-01-01")), (Some(0), true), "{}", said(&loaded));
    let twice = run(&[]);
    assert_eq!((twice.status.code(), said(&twice).contains("is loaded already")), (Some(1), true), "{}", said(&twice));
}

#[tokio::test]
async fn rule_sets_are_loaded_by_a_script_sqlite() {
    rule_sets_are_loaded_by_a_script(Kind::Sqlite).await;
}

#[tokio::test]
async fn rule_sets_are_loaded_by_a_script_postgres() {
    rule_sets_are_loaded_by_a_script(Kind::Postgres).await;
}

/// The schemas in `docs/` are what the types say, and they hold for every document that is shipped.
#[test]
fn schemas_are_of_the_types_and_hold_for_the_examples() {
    let read = |path: &str| -> serde_json::Value {
        let text = std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).expect("a file");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    let facts = ["docs/facts-example.json", "docs/facts-ticket-example.json"];
    let rules = ["low-cost", "vn-domestic", "vn-south-east-asia", "china-full-fare", "indonesia", "jeju", "tax-only"];
    let rules: Vec<String> = rules.iter().map(|name| format!("rules/{name}.json")).collect();
    for (of, examples) in [("facts", facts.map(str::to_owned).to_vec()), ("rules", rules)] {
        let printed: serde_json::Value = serde_json::from_slice(&afterfare(&["schema", of]).stdout).expect("json");
        let path = format!("docs/{of}.schema.json");
        assert_eq!(printed, read(&path), "{path} is old: afterfare schema {of} > {path}");
        let schema = jsonschema::validator_for(&printed).expect("a schema");
        for example in examples {
            let mut document = read(&example);
            let errors: Vec<String> = schema.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
            assert_eq!(errors, Vec::<String>::new(), "{example}");
            document["unheard_of"] = serde_json::Value::Bool(true);
            assert!(!schema.is_valid(&document), "{example}: the schema takes what the reader refuses");
        }
    }
}
