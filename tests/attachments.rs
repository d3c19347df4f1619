//! Files that people attach: what is taken, where it lies, who gets it, and what is refused.

use afterfare::kernel::actor::Role;

use crate::on_both;
use crate::world::{PDF, Person, World};

on_both! {
    hostile_files_are_refused_and_cost_nothing_else
    a_file_is_handed_out_to_its_own_only
    forms_with_files_come_from_our_own_pages
    drafts_are_forgotten_with_their_files
}

const ORDER: &str = "SKLA20261104193210042";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01";

async fn cast(world: &World) -> (Person, String) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    (lan, world.booked(&agency, ORDER).await)
}

/// Every file below the folder of attachments.
fn stored(world: &World) -> Vec<std::path::PathBuf> {
    fn walk(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() { walk(&entry.path(), found) } else { found.push(entry.path()) }
        }
    }
    let mut found = Vec::new();
    walk(&world.app.settings.files, &mut found);
    found
}

async fn hostile_files_are_refused_and_cost_nothing_else(world: World) {
    let (lan, order_no) = cast(&world).await;
    let nine_mb = [PDF, &vec![b' '; 9 * 1024 * 1024]].concat();
    let eight_mb = [PDF, &vec![b' '; 8 * 1024 * 1024 - PDF.len()]].concat();
    let cases: [(&str, &[u8], &str); 7] = [
        ("a.png", b"<html><script>alert(1)</script>", "is not a png, jpg, rar"),
        ("a.html", b"<html></html>", "is not a png, jpg, rar"),
        ("a.exe", b"MZ\x90\x00\x03", "is not a png, jpg, rar"),
        ("a.pdf", PNG, "is not a png, jpg, rar"),
        ("a.svg", b"<svg onload=alert(1)>", "is not a png, jpg, rar"),
        ("empty.pdf", b"", "empty.pdf is empty"),
        ("big.pdf", &nine_mb, "is larger than 8 MB"),
    ];
    for (name, bytes, sentence) in cases {
        // The good file of the same form is kept, the bad one is named.
        let page = lan.raise(&order_no, "feedback-dispute", &[], &[("good.pdf", PDF), (name, bytes)]).await.expect_status(422);
        let page = page.expect(sentence);
        assert_eq!(page.select("label.kept").len(), 1, "{name}");
    }
    let six: Vec<(&str, &[u8])> = vec![("one.pdf", PDF); 6];
    lan.raise(&order_no, "feedback-dispute", &[], &six).await.expect_status(422).expect("Attach at most 5 files");
    assert_eq!(world.count("SELECT COUNT(*) FROM requests").await, 0);
    let files = stored(&world).len();
    assert_eq!(i64::try_from(files).expect("few"), world.count("SELECT COUNT(*) FROM attachments").await, "what was refused is not kept");
    // Exactly eight megabytes are taken; a name that is a path is only its last part.
    let answer =
        lan.raise(&order_no, "feedback-dispute", &[], &[("../../../etc/proof.pdf", &eight_mb), ("图.png", PNG)]).await.expect_status(303);
    let page = lan.get(&answer.location).await.expect("proof.pdf").expect("8 MB").expect("图.png");
    assert!(!page.text().contains("../"));
    let root = world.app.settings.files.canonicalize().expect("the folder");
    for file in stored(&world) {
        let inside = file.canonicalize().expect("a file");
        assert!(inside.starts_with(&root), "{}", inside.display());
        let name = inside.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
    }
    // Far too much ends the upload.
    let forty = vec![b' '; 40 * 1024 * 1024];
    let status = lan.raise(&order_no, "feedback-dispute", &[], &[("huge.pdf", &forty)]).await.status;
    assert_eq!(status, 413);
}

async fn a_file_is_handed_out_to_its_own_only(world: World) {
    let (lan, order_no) = cast(&world).await;
    let other = world.agency("SAOMAI").await;
    let stranger = world.person("stranger", Role::Admin, Some(&other)).await;
    let sam = world.person("sam", Role::Supervisor, None).await;
    let answer = lan.raise(&order_no, "feedback-dispute", &[], &[("Thư của hãng \"1\".pdf", PDF)]).await.expect_status(303);
    let page = lan.get(&answer.location).await.expect_status(200);
    let file = page.attribute(".attachments a", "href").expect("a file");
    for person in [&lan, &sam] {
        let got = person.get(&file).await.expect_status(200);
        assert_eq!(got.body, PDF);
        let header = |name: &str| got.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        assert!(header("content-disposition").starts_with("attachment; filename=\"Th"), "{}", header("content-disposition"));
        assert!(header("content-disposition").contains("filename*=UTF-8''Th%C6%B0"), "{}", header("content-disposition"));
        assert_eq!(header("content-security-policy"), "sandbox; default-src 'none'");
        assert_eq!((header("x-content-type-options").as_str(), header("content-type").as_str()), ("nosniff", "application/pdf"));
        assert_eq!(header("cache-control"), "no-store");
    }
    stranger.get(&file).await.expect_status(404);
    assert_eq!(world.visitor().get(&file).await.status, 303);
    // A stranger cannot take it along in a form either.
    let own = world.booked(&other, "SKLA20261104193210099").await;
    let id = file.trim_start_matches("/attachments/");
    stranger.raise(&own, "feedback-dispute", &[("kept", id)], &[]).await.expect_status(422).expect("is not there any more");
    // Nor can a draft be fetched before it belongs to a case.
    let page = lan.raise(&order_no, "credit-shell", &[], &[("draft.pdf", PDF)]).await;
    let draft = page.attribute("input[name=kept]", "value");
    assert!(draft.is_none(), "the order has an open request, so nothing is offered");
}

async fn forms_with_files_come_from_our_own_pages(world: World) {
    let (lan, order_no) = cast(&world).await;
    let path = format!("/bookings/{order_no}/requests");
    // Without a token, and with the token after the file: refused before a byte is kept.
    let stolen = Person::at(&world.base);
    assert_eq!(stolen.upload(&path, &[("category", "feedback-dispute")], &[("a.pdf", PDF)]).await.status, 303, "to the sign-in");
    for token in ["", "wrong"] {
        let form =
            reqwest::multipart::Form::new().text("csrf", token).part("files", reqwest::multipart::Part::bytes(PDF).file_name("a.pdf"));
        assert_eq!(lan.upload_raw(&path, form, &world.base).await, 403);
    }
    let form = reqwest::multipart::Form::new()
        .part("files", reqwest::multipart::Part::bytes(PDF).file_name("a.pdf"))
        .text("csrf", lan.csrf().to_owned());
    assert_eq!(lan.upload_raw(&path, form, &world.base).await, 403);
    let form = reqwest::multipart::Form::new().part("csrf", reqwest::multipart::Part::bytes(PDF).file_name("a.pdf"));
    assert_eq!(lan.upload_raw(&path, form, &world.base).await, 403);
    let form = reqwest::multipart::Form::new().text("csrf", lan.csrf().to_owned());
    assert_eq!(lan.upload_raw(&path, form, "https://evil.example").await, 403);
    // A form that cannot be read costs no file either.
    let form = reqwest::multipart::Form::new()
        .text("csrf", lan.csrf().to_owned())
        .part("files", reqwest::multipart::Part::bytes(PDF).file_name("a.pdf"))
        .text("passenger", "x");
    assert_eq!(lan.upload_raw(&path, form, &world.base).await, 400);
    assert_eq!((stored(&world).len(), world.count("SELECT COUNT(*) FROM attachments").await), (0, 0));
}

async fn drafts_are_forgotten_with_their_files(world: World) {
    let (lan, order_no) = cast(&world).await;
    lan.raise(&order_no, "feedback-dispute", &[("description", " ")], &[("draft.pdf", PDF)]).await.expect_status(422);
    lan.raise(&order_no, "feedback-dispute", &[], &[("kept.pdf", PDF)]).await.expect_status(303);
    assert_eq!(stored(&world).len(), 2);
    world.later(24 * 60 + 1);
    afterfare::worker::tidy(&world.app).await.expect("tidied");
    assert_eq!((stored(&world).len(), world.count("SELECT COUNT(*) FROM attachments").await), (1, 1));
}
