//! Backups: taken while people work, restored into either kind of database, and refused when they are not whole.

use std::path::Path;
use std::process::Command;

use afterfare::backup::{self, Manifest};
use afterfare::db::Kind;

use crate::on_both;
use crate::world::{Folder, PDF, World, new_database};

on_both! {
    a_backup_comes_back_in_either_database
    a_backup_is_of_one_moment
    what_is_no_whole_backup_is_refused
}

const ORDER: &str = "SKLA20261104193210042";

/// A world with a bit of everything: a credited refund, a request with a file, a BSP form, a batch.
async fn lived_in(world: &World) {
    let (lan, sam, number) = world.registered(ORDER).await;
    sam.work(&number, "submission", &[]).await.expect_status(303);
    sam.work(&number, "confirmation", &[("amount", "74.99")]).await.expect_status(303);
    let money = [("amount", "74.99"), ("received_on", "2026-11-20"), ("receipt_reference", "B")];
    sam.work(&number, "receipt", &money).await.expect_status(303);
    sam.work(&number, "credit", &[]).await.expect_status(303);
    let more = world.booked_more("SKLA20261104193210043").await;
    lan.raise(&more, "feedback-dispute", &[], &[("Thư.pdf", PDF)]).await.expect_status(303);
    crate::bsp::things(world, &lan).await;
    world.work_all().await;
}

async fn restored(world: &World, kind: Kind, file: &Path) -> (World, Folder) {
    let (url, folder) = new_database(kind).await;
    // The tests' PostgreSQL databases come with their tables; the restoration finds them empty.
    let files = Folder::new();
    let manifest = backup::restore(&url, file, &files.0).await.map_err(|complaint| complaint.0).expect("it is restored");
    assert_eq!(manifest.missing_files, Vec::<String>::new());
    let restored = World::over(&url, folder).await;
    restored.clock.advance(jiff::SignedDuration::from_secs(world.now().as_second() - restored.now().as_second()));
    (restored, files)
}

async fn made(world: &World, folder: &Folder, name: &str) -> (std::path::PathBuf, Manifest) {
    let file = folder.0.join(name);
    let files = world.app.settings.files.clone();
    let manifest = backup::make(&world.app.db, &file, &files, world.now()).await.map_err(|complaint| complaint.0).expect("a backup");
    (file, manifest)
}

async fn a_backup_comes_back_in_either_database(world: World) {
    lived_in(&world).await;
    let folder = Folder::new();
    let (file, manifest) = made(&world, &folder, "one.zip").await;
    assert_eq!((manifest.tables["refunds"].rows, manifest.tables["bsp_tickets"].rows, manifest.files), (1, 1, 1));
    assert_eq!(manifest.balances["deposit USD"], 7299);
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let (again, files) = restored(&world, kind, &file).await;
        assert_eq!(again.verify().await, Vec::<String>::new());
        // The same people sign in, and see the same; whatever is hidden still opens.
        let lan = again.back("lan").await;
        lan.get("/finance/transactions").await.expect("USD 72.99");
        lan.get(&format!("/bookings/{ORDER}")).await.expect_status(200);
        lan.get("/bsp/forms").await.expect("784-5805431488");
        // Another backup of it holds the same.
        let second = folder.0.join(format!("{kind:?}.zip"));
        let other = backup::make(&again.app.db, &second, &files.0, world.now()).await.map_err(|complaint| complaint.0).expect("a backup");
        for (name, table) in manifest.tables.iter().filter(|(name, _)| !["sessions", "sign_in_failures"].contains(&name.as_str())) {
            assert_eq!(other.tables[name].digest, table.digest, "{kind:?} {name}");
        }
        assert_eq!((other.files, other.balances), (1, manifest.balances.clone()));
        // The books of the copy are guarded as those of the original.
        let guarded =
            again.app.db.write(|conn| Box::pin(async move { sqlx::query("UPDATE transfers SET amount_minor = 1").execute(conn).await }));
        assert!(guarded.await.is_err());
    }
}

async fn a_backup_is_of_one_moment(world: World) {
    lived_in(&world).await;
    let folder = Folder::new();
    let lan = world.back("lan").await;
    let orders: Vec<String> = (100..120).map(|n| format!("SKLA20261104193210{n}")).collect();
    for order in &orders {
        world.booked_more(order).await;
    }
    let work = async {
        for order in &orders {
            lan.refund(order, "voluntary").await;
        }
    };
    let backups = async {
        let mut files = Vec::new();
        for nth in 0..3 {
            files.push(made(&world, &folder, &format!("{nth}.zip")).await);
            tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        }
        files
    };
    let ((), files) = tokio::join!(work, backups);
    for (file, manifest) in files {
        // Whatever was under way, its parts are all there or none is: the restoration checks the books.
        let (again, _) = restored(&world, Kind::Sqlite, &file).await;
        let refunds = again.count("SELECT COUNT(*) FROM refunds").await;
        assert_eq!(u64::try_from(refunds).expect("a count"), manifest.tables["refunds"].rows);
        assert_eq!(again.count("SELECT COUNT(DISTINCT refund_id) FROM refund_coupons").await, refunds);
        assert_eq!(again.count("SELECT COUNT(*) FROM events WHERE happened = 'registered' AND subject_kind = 'refund'").await, refunds);
    }
}

/// Files in a folder and those below it.
fn attached(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).map(|entries| entries.flatten().map(|entry| entry.path()).collect::<Vec<_>>());
    entries.unwrap_or_default().iter().map(|path| if path.is_dir() { attached(path) } else { 1 }).sum()
}

async fn what_is_no_whole_backup_is_refused(world: World) {
    let (lan, _, _) = world.registered(ORDER).await;
    let order = world.booked_more("SKLA20261104193210043").await;
    lan.raise(&order, "feedback-dispute", &[], &[("a.pdf", PDF), ("b.pdf", PDF)]).await.expect_status(303);
    let folder = Folder::new();
    let (file, manifest) = made(&world, &folder, "good.zip").await;
    assert_eq!(manifest.files, 2);
    let run = |arguments: &[&str]| {
        let done = Command::new(env!("CARGO_BIN_EXE_afterfare")).args(arguments).output().expect("the program runs");
        (done.status.code(), format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr)))
    };
    let path = |name: &str| folder.0.join(name).to_str().expect("a path").to_owned();
    let new = format!("sqlite://{}", path("new.db"));
    let expect = |arguments: &[&str], code: i32, words: &str| {
        let (status, said) = run(arguments);
        assert!(status == Some(code) && said.contains(words), "{arguments:?}: {status:?} {said}");
    };
    let (good, files) = (path("good.zip"), path("files"));
    expect(&["backup", &good, "--database", &world.url, "--files", &files], 1, "is there already");
    expect(&["backup", &path("two.zip"), "--database", &world.url, "--files", &files], 0, "rows in");
    expect(&["restore", &good, "--database", &world.url], 1, "this database is not empty (");
    expect(&["restore", &path("none.zip"), "--database", &new], 1, "cannot be read");
    let whole = std::fs::read(&file).expect("the file");
    std::fs::write(path("cut.zip"), &whole[..whole.len() / 2]).expect("a file");
    expect(&["restore", &path("cut.zip"), "--database", &new], 1, "is not a whole backup");
    // A row that is missing, a value of another kind, a table of another name, a manifest of the future.
    let changed = |name: &str, change: &dyn Fn(&str, String) -> String| {
        let mut from = zip::ZipArchive::new(std::io::Cursor::new(whole.clone())).expect("an archive");
        let mut to = zip::ZipWriter::new(std::fs::File::create(folder.0.join(name)).expect("a file"));
        for nth in 0..from.len() {
            let mut part = from.by_index(nth).expect("a part");
            let (part_name, mut text) = (part.name().expect("a name").to_string(), String::new());
            std::io::Read::read_to_string(&mut part, &mut text).expect("text");
            to.start_file(part_name.clone(), zip::write::SimpleFileOptions::default()).expect("a part");
            std::io::Write::write_all(&mut to, change(&part_name, text).as_bytes()).expect("written");
        }
        to.finish().expect("an archive");
        path(name)
    };
    let only = |wanted: &'static str, with: &'static dyn Fn(String) -> String| {
        move |name: &str, text: String| if name == wanted { with(text) } else { text }
    };
    let less = changed("less.zip", &only("tables/users.jsonl", &|_| String::new()));
    expect(&["restore", &less, "--database", &new], 1, "the table users of the backup is damaged: its rows are not those");
    let torn = changed("torn.zip", &only("tables/users.jsonl", &|text| text.trim_end().to_owned()));
    expect(&["restore", &torn, "--database", &new], 1, "a row is cut off");
    let strange = changed("strange.zip", &only("tables/users.jsonl", &|_| "[1]\n".to_owned()));
    expect(&["restore", &strange, "--database", &new], 1, "row 1 does not fit its columns");
    let named = changed("named.zip", &only("manifest.json", &|text| text.replace("\"users\"", "\"users; DROP TABLE users\"")));
    expect(&["restore", &named, "--database", &new], 1, "no table or column is called so");
    let future = changed("future.zip", &only("manifest.json", &|text| text.replace("\"tables_version\": ", "\"tables_version\": 9")));
    expect(&["restore", &future, "--database", &new], 1, "restore it with that version or a newer one");
    // The last of the attached files is damaged: what was written of the others is gone again.
    let mut torn = whole.clone();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&whole)).expect("an archive");
    let names = archive.file_names().map(|name| name.expect("a name").into_owned());
    let last = names.filter(|name| name.starts_with("files/")).max().expect("an attached file");
    let part = archive.by_name(&last).expect("a part");
    let end = part.data_start().expect("a place") + part.compressed_size();
    torn[usize::try_from(end).expect("a place") - 4] ^= 0x55;
    std::fs::write(path("file.zip"), torn).expect("a file");
    let beside = path("beside");
    expect(&["restore", &path("file.zip"), "--database", &new, "--files", &beside], 1, "");
    assert_eq!(attached(Path::new(&beside)), 0);
    // Nor is anything lost of files that somebody is using.
    let used = world.app.settings.files.clone();
    let used_text = used.display().to_string();
    expect(&["restore", &path("file.zip"), "--database", &new, "--files", &used_text], 1, "");
    assert_eq!(attached(&used), 2);
    // Nothing of all that is left: the good one goes in.
    expect(&["restore", &good, "--database", &new, "--files", &files], 0, "the books are clean");
    expect(&["drill", "--database", &world.url, "--files", &files], 0, "every table as it was");
}
