//! The rules of the house that a machine can keep.

use std::path::{Path, PathBuf};

fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
        for path in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                walk(&path, ending, found);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    walk(&root.join(folder), ending, &mut found);
    found.sort();
    let name = |path: &PathBuf| path.strip_prefix(root).expect("inside").to_string_lossy().into_owned();
    found.iter().map(|path| (name(path), std::fs::read_to_string(path).expect("text"))).collect()
}

/// From the ground up. A room imports only rooms that stand before it.
const ROOMS: [&str; 34] = [
    "kernel",
    "config",
    "db",
    "refund_calculation",
    "web",
    "journal",
    "ledger",
    "notices",
    "attachments",
    "spreadsheets",
    "agencies",
    "rates",
    "rule_sets",
    "bookings",
    "incidents",
    "refunds",
    "requests",
    "compensations",
    "batches",
    "remittances",
    "top_ups",
    "bsp",
    "tools",
    "finance",
    "statements",
    "reports",
    "backup",
    "system",
    "queue",
    "home",
    "routes",
    "app",
    "worker",
    "demo",
];

fn room_of(path: &str) -> &str {
    path.trim_start_matches("src/").split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

#[test]
fn imports_run_one_way() {
    let place = |room: &str| ROOMS.iter().position(|one| *one == room);
    for (path, text) in files("src", ".rs") {
        let Some(own) = place(room_of(&path)) else { continue };
        // Routes name the handlers of the machine, which live in the app; the app hangs the routes.
        if ["src/routes.rs", "src/app.rs"].contains(&path.as_str()) {
            continue;
        }
        for piece in text.split("crate::").skip(1) {
            let target = piece.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            if let Some(other) = place(target) {
                assert!(other <= own, "{path} imports crate::{target}, which stands above it");
            }
        }
        let allowed: &[&str] = match room_of(&path) {
            "kernel" => &["kernel", "text_column"],
            "refund_calculation" => &["kernel", "refund_calculation", "text_column"],
            "db" => &["db", "kernel"],
            "web" => &["web", "kernel", "db", "config", "named", "text_column"],
            _ => continue,
        };
        for piece in text.split("crate::").skip(1) {
            let target = piece.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            assert!(allowed.contains(&target), "{path} imports crate::{target}");
        }
    }
}

#[test]
fn the_calculation_is_pure() {
    for (path, text) in files("src/refund_calculation", ".rs") {
        for word in ["sqlx", "actix", "askama", "Clock", "tokio", "std::fs", "SystemTime"] {
            assert!(!text.contains(word), "{path} knows {word}");
        }
    }
}

#[test]
fn no_float_near_money() {
    for folder in ["src/kernel", "src/refund_calculation", "src/ledger", "src/refunds", "src/bookings", "src/db"] {
        for (path, text) in files(folder, ".rs") {
            // Whoever reads with serde names every type there is, if only to refuse it.
            let text = text.replace("i128 u8 u16 u32 u64 u128 f32 f64 char", "");
            assert!(!text.contains("f64") && !text.contains("f32"), "{path} uses a float");
        }
    }
}

#[test]
fn sql_is_one_text_for_both_databases() {
    let mut all = files("src", ".rs");
    all.extend(files("migrations", ".sql"));
    for (path, text) in all {
        for word in [
            "SELECT *",
            "QueryBuilder",
            "FOR UPDATE",
            "BOOLEAN",
            "TIMESTAMP ",
            "TIMESTAMPTZ",
            "NUMERIC(",
            " JSONB",
            "AUTOINCREMENT",
            "LIMIT ?",
            "LIMIT $",
        ] {
            assert!(!text.contains(word), "{path} says {word}");
        }
        let names_a_driver = ["sqlx::Any", "sqlx::Sqlite", "sqlx::Postgres", "SqlitePool", "PgPool"].iter().any(|word| text.contains(word));
        assert!(!names_a_driver || path == "src/db.rs", "{path} names a driver");
    }
}

#[test]
fn files_stay_readable() {
    for (path, text) in files("src", ".rs") {
        let lines = text.lines().count();
        assert!(lines <= 450, "{path} has {lines} lines: which room is missing?");
        for word in [".unwrap()", "todo!", "unimplemented!", "dbg!", "FIXME"] {
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            assert!(!code.contains(word), "{path} says {word}");
        }
    }
}

#[test]
fn templates_keep_the_policy() {
    for (path, text) in files("templates", ".html") {
        for word in [" style=\"", " onclick=", " onchange=", " onsubmit=", "<style", "<script>", "javascript:"] {
            assert!(!text.contains(word), "{path} says {word}");
        }
        assert!(!text.contains("|safe") || path.ends_with("tags.html"), "{path} leaves text unescaped");
    }
}
