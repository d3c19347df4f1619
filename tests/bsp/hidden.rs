//! What is hidden behind a ticket is told nowhere.

use afterfare::kernel::actor::Role;
use serde_json::{Value, json};

use super::{cast, with};
use crate::on_both;
use crate::world::{Page, World};

on_both! {
    a_hidden_rate_is_told_nowhere
}

/// A Z value that stands nowhere else, alone and with the 3.00 that is shown.
const Z: &str = "13.37";

const SECRETS: [&str; 4] = [Z, "16.37", "13,37", "16,37"];

/// A log without what its clocks say, which is any number now and then.
fn without_times(log: &str) -> String {
    let mut plain = String::new();
    for (nth, piece) in log.split('\x1b').enumerate() {
        // The first piece has no colour before it.
        plain.push_str(if nth == 0 { piece } else { piece.split_once('m').map_or("", |(_, rest)| rest) });
    }
    let is_time = |word: &str| word.starts_with("elapsed") || (word.len() == "2026-11-22T13:07:16.155773Z".len() && word.ends_with('Z'));
    plain.split_whitespace().filter(|word| !is_time(word)).collect::<Vec<_>>().join(" ")
}

/// Whether a text tells it: not as a part of another number.
fn tells(text: &str) -> bool {
    let is_whole = |at: usize, secret: &str| {
        let before = text[..at].chars().next_back();
        let after = text[at + secret.len()..].chars().next();
        !before.is_some_and(|c| c.is_ascii_digit()) && !after.is_some_and(|c| ('1'..='9').contains(&c))
    };
    SECRETS.iter().any(|secret| text.match_indices(secret).any(|(at, _)| is_whole(at, secret)))
}

async fn a_hidden_rate_is_told_nowhere(world: World) {
    let tickets: Vec<Value> =
        (0..6).map(|nth| with(&format!("784-58054314{nth}8"), json!({ "z_value": Z, "tour_code": "SECRETIT" }))).collect();
    let (ben, cho) = cast(&world, &tickets).await;
    let lan = world.back("lan").await;
    let wei = world.person("wei", Role::OperatorAgent, None).await;
    let mut seen: Vec<(String, String)> = Vec::new();
    let mut note = |what: &str, page: &Page| seen.push((what.to_owned(), page.text()));
    // Every verb, and every refusal on the way.
    let mut forms = Vec::new();
    for nth in 0..4 {
        let answer = ben.command(&format!("TRFD:L/784-58054314{nth}8/AM/1/D")).await;
        note("load", &answer);
        let form = answer.location.split('?').next().expect("an address").to_owned();
        for changes in [
            &[("rate", "9.99")][..],
            &[("gross", "-1")],
            &[("number", "784-5805431499")],
            &[("coupons", "9999")],
            &[("deduction", "99999")],
        ] {
            note("refused", &ben.transmit(&form, changes).await.expect_status(422));
        }
        let go = if nth == 1 { "application" } else { "" };
        note("transmit", &ben.transmit(&form, &[("go", go)]).await.expect_status(303));
        forms.push(form);
    }
    note("change", &cho.transmit(&forms[0], &[("deduction", "10.00")]).await.expect_status(303));
    note("delete", &ben.command("TRFX:1/D/000000004").await);
    note("answer", &wei.post(&format!("{}/answers/rejects", forms[1]), &[("version", "2"), ("remark", "No")]).await.expect_status(303));
    note("printed", &ben.command("TRFD:H/1/D/000000001").await);
    note("left", &ben.command("TRFD:Z/784-5805431448/1/D").await);
    note("standard entry", &ben.command("TRFD:A/1/D").await.expect_status(422));
    let batch = ben.upload("/bsp/batches", &[("numbers", "784-5805431458")], &[]).await.expect_status(303).location;
    world.work_all().await;
    // Everything that can be looked at, by each side.
    let mut paths: Vec<String> = [
        "/bsp/forms",
        "/bsp/forms.csv",
        "/bsp/reports",
        "/bsp/reports.csv",
        "/bsp/batches",
        "/notices",
        "/bsp/offices",
        "/desk/bsp",
        "/bsp",
    ]
    .map(ToOwned::to_owned)
    .to_vec();
    paths.extend([batch.clone(), format!("{batch}/evaluation.csv")]);
    for form in &forms {
        paths.extend([form.clone(), format!("{form}?view=mask"), format!("{form}?change=1"), format!("{form}/print")]);
    }
    for person in [&ben, &lan, &wei] {
        for path in &paths {
            note(path, &person.get(path).await);
        }
    }
    for path in ["/bsp/forms.xlsx", "/bsp/reports.xlsx"] {
        let book = ben.get(path).await.expect_status(200).body;
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(book)).expect("a workbook");
        for nth in 0..zip.len() {
            let mut part = String::new();
            std::io::Read::read_to_string(&mut zip.by_index(nth).expect("a part"), &mut part).expect("text");
            seen.push((path.to_owned(), part));
        }
    }
    seen.extend(world.mails().into_iter().map(|mail| ("mail".to_owned(), mail)));
    // The program's own command line, with its log at its loudest, and an import that is refused.
    let folder = crate::world::Folder::new();
    let file = folder.0.join("tickets.json");
    let wrong =
        [with("784-5805431499", json!({ "z_value": Z, "fare": "x" })), with("784-5805431499", json!({ "z_value": format!("{Z}5") }))];
    let text = format!("{}\n{}\n{{\"z_value\":\"{Z}\"\n", wrong[0], wrong[1]);
    std::fs::write(&file, text).expect("a file");
    for arguments in [
        vec!["import", "tickets", file.to_str().expect("a path")],
        vec!["bsp", "TRFD:M/1/D/000000001", "--office", "SHA999", "--agent", "11"],
        vec!["bsp", "TSL", "--office", "SHA999", "--agent", "11"],
        vec!["bsp", "TRFD:L/784-5805431438/AM/1/D", "--office", "SHA999", "--agent", "12"],
    ] {
        let done = std::process::Command::new(env!("CARGO_BIN_EXE_afterfare"))
            .args(&arguments)
            .args(["--database", &world.url])
            .env("RUST_LOG", "trace")
            .output()
            .expect("the program runs");
        let said = without_times(&format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr)));
        assert!(!said.is_empty());
        seen.push((arguments.join(" "), said));
    }
    let log = folder.0.join("log");
    let server = crate::crash::Server::start_logging(&world.url, "trace", std::fs::File::create(&log).expect("a file").into()).await;
    let again = crate::crash::signed_in(&server.base, "ben").await;
    again.get("/bsp/forms").await.expect_status(200);
    again.post("/bsp", &[("command", "TRFD:L/784-5805431438/AM/1/D")]).await;
    again.transmit(&forms[0], &[("deduction", "20.00")]).await;
    server.kill();
    seen.push(("the log".to_owned(), without_times(&String::from_utf8_lossy(&std::fs::read(&log).expect("the log")))));
    for (what, text) in &seen {
        assert!(!tells(text) && !text.contains("SECRETIT"), "{what} tells what is hidden: {text}");
    }
    assert!(seen.iter().any(|(what, text)| what == "the log" && text.contains("/bsp")), "the log says something");
    // Nor does anybody read it in the database.
    for (table, columns) in [
        ("bsp_tickets", "document || COALESCE(sealed, '') || document_digest || CAST(commission_minor AS TEXT)"),
        ("bsp_forms", "content || CAST(rate_points AS TEXT)"),
        ("bsp_commands", "command"),
        ("bsp_batches", "rows_read"),
        ("events", "details"),
        ("notices", "sentences"),
    ] {
        for secret in [Z, "SECRETIT"] {
            let query = format!("SELECT COUNT(*) FROM {table} WHERE {columns} LIKE '%{secret}%'");
            assert_eq!(world.count(Box::leak(query.into_boxed_str())).await, 0, "{table}");
        }
    }
    // It is there all the same: 16.37 % of 1870.00 less 306.12.
    assert_eq!(world.count("SELECT commission_minor FROM bsp_forms WHERE refund_no = '000000003'").await, 30_612);
}
