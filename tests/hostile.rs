//! Every route × parameter with what nobody should send: no answer is a mistake of ours.

use std::collections::BTreeSet;

use afterfare::kernel::actor::Role;
use afterfare::routes;

use crate::access::Things;
use crate::on_both;
use crate::world::{Page, Person, World};

on_both! {
    no_parameter_breaks_a_page
    no_field_breaks_a_form
}

const ORDER: &str = "SKLA20261104193210042";

/// Values, as they are typed and as they stand in an address.
const VALUES: [&str; 11] = [
    "-1",
    "0",
    "99999999999999999999999999",
    "1e308",
    "2026-02-30",
    "' OR 1=1 --",
    "\u{1}\u{7}\u{1b}[31m",
    "\u{202e}txt.exe\u{2066}\u{feff}",
    "%",
    "../../../etc/passwd",
    "a~b",
];

fn encoded(value: &str) -> String {
    value.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02X}"))
}

/// Names of all fields and filters that any page has.
fn names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut folders = vec![std::path::PathBuf::from("templates")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").filter_map(Result::ok) {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let text = std::fs::read_to_string(entry.path()).expect("a template");
            for piece in text.split(" name=\"").skip(1) {
                let name = piece.split('"').next().unwrap_or_default();
                if !name.is_empty() && name != "csrf" && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
                    names.insert(name.to_owned());
                }
            }
        }
    }
    names.extend(["after", "view", "page", "done", "category"].map(str::to_owned));
    assert!(names.len() > 100, "only {} names were found", names.len());
    names
}

async fn people(world: &World) -> (Things, [Person; 2]) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let sam = world.person("sam", Role::Supervisor, None).await;
    world.booked(&agency, ORDER).await;
    let things = Things::of(world, &lan, ORDER).await;
    (things, [lan, sam])
}

fn check(page: &Page, method: &str, path: &str, value: &str) {
    assert!(page.status < 500, "{method} {path} with {value:?}: {} {}", page.status, page.words());
}

/// Whether a visit to it ends the visitor's own session.
fn ends(path: &str) -> bool {
    path == "/sign-out" || path.starts_with("/account/sessions")
}

async fn no_parameter_breaks_a_page(world: World) {
    let (things, people) = people(&world).await;
    let long = "x".repeat(6_000);
    let names = names();
    for (place, route) in routes::ALL.iter().filter(|route| route.method == "get").enumerate() {
        for (nth, value) in VALUES.iter().copied().chain([long.as_str()]).enumerate() {
            // Each placeholder of the path, and at the same time every filter that there is.
            let query: Vec<String> = names.iter().map(|name| format!("{name}={}", encoded(&value[..value.len().min(40)]))).collect();
            // Each route gets every value, from one of the two or the other.
            let person = &people[(place + nth) % 2];
            if route.path.contains('{') {
                let mut path = route.path.to_owned();
                while let (Some(begin), Some(end)) = (path.find('{'), path.find('}')) {
                    path.replace_range(begin..=end, &encoded(value));
                }
                check(&person.get(&path).await, "GET", route.path, value);
            }
            if value.len() < 100 {
                let path = format!("{}?{}", things.filled(route.path), query.join("&"));
                check(&person.get(&path).await, "GET", route.path, value);
            }
        }
    }
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn no_field_breaks_a_form(world: World) {
    let (things, people) = people(&world).await;
    let names = names();
    let long = "界".repeat(5_000);
    for (place, route) in routes::ALL.iter().filter(|route| route.method == "post" && !ends(route.path)).enumerate() {
        for (turn, value) in VALUES.iter().copied().chain(["", "\0", long.as_str()]).enumerate() {
            // A long value in every field would only be refused for the form's length.
            let fields: Vec<(&str, &str)> = names
                .iter()
                .enumerate()
                .map(|(nth, name)| (name.as_str(), if value.len() > 1_000 && nth % 40 != 0 { "1" } else { value }))
                .collect();
            let person = &people[(place + turn) % 2];
            check(&person.post(&things.filled(route.path), &fields).await, "POST", route.path, value);
        }
    }
    assert_eq!(world.verify().await, Vec::<String>::new());
}
