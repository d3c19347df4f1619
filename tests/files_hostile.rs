//! Files as they really arrive: every encoding and separator is read, and what cannot be read gets its own sentence,
//! while the server goes on and its memory stays small.

use std::io::Write;
use std::time::{Duration, Instant};

use afterfare::db::Kind;
use afterfare::kernel::actor::Role;
use afterfare::kernel::language::Language;
use afterfare::web::App;
use afterfare::worker::{Worker, run};
use encoding_rs::{BIG5, GB18030};
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};
use zip::write::SimpleFileOptions;

use crate::batches::{checked, uploaded, workbook};
use crate::crash::{Server, signed_in};
use crate::on_both;
use crate::world::{Folder, Person, World, execute, new_database};

on_both! {
    files_of_every_kind_are_read
    every_damaged_file_has_its_own_sentence
    a_damaged_payment_file_has_the_same_sentences
    a_file_that_takes_long_holds_no_other_work_up
    cells_that_are_no_order_numbers_are_refused_one_by_one
    twenty_thousand_rows_are_checked_and_one_more_is_too_many
}

fn number(n: usize) -> String {
    format!("SKLA202611041932{n:05}")
}

async fn prepared(world: &World) -> Person {
    let agency = world.agency("SUNRIVER").await;
    for n in 1..=2 {
        world.booked(&agency, &number(n)).await;
    }
    world.person("lan", Role::Admin, Some(&agency)).await
}

pub fn file(name: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name);
    std::fs::read(path).expect("a file")
}

/// A zip of parts.
fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).expect("a part");
        zip.write_all(bytes).expect("bytes");
    }
    zip.finish().expect("a zip").into_inner()
}

/// The parts of a workbook, so that one can be changed.
fn parts(workbook: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(workbook.to_vec())).expect("a zip");
    (0..archive.len())
        .map(|nth| {
            let mut part = archive.by_index(nth).expect("a part");
            let name = part.name().expect("a name").to_string();
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut part, &mut bytes).expect("bytes");
            (name, bytes)
        })
        .collect()
}

/// A workbook in which a part is replaced or added.
fn with_part(workbook: &[u8], name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut all = parts(workbook);
    all.retain(|(own, _)| own != name);
    all.push((name.to_owned(), bytes.to_vec()));
    let all: Vec<(&str, &[u8])> = all.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    zipped(&all)
}

async fn files_of_every_kind_are_read(world: World) {
    let lan = prepared(&world).await;
    let (one, two) = (number(1), number(2));
    let utf16 = |text: &str| -> Vec<u8> { format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let mut dated = Workbook::new();
    let hidden = dated.add_worksheet().set_name("notes").expect("a name");
    hidden.write_string(0, 0, "nothing").expect("a cell");
    hidden.set_hidden(true);
    let sheet = dated.add_worksheet();
    sheet.set_active(true);
    for (column, name) in (0u16..).zip(["order_no", "fulfilled_on", "expected_amount"]) {
        sheet.write_string(1, column, name).expect("a cell");
    }
    let day = ExcelDateTime::from_ymd(2026, 11, 17).expect("a day");
    for (row, number) in [(2, &one), (3, &two)] {
        sheet.write_string(row, 0, number).expect("a cell");
        sheet.write_datetime_with_format(row, 1, &day, &Format::new().set_num_format("yyyy-mm-dd")).expect("a cell");
        sheet.write_number(row, 2, 74.99).expect("a cell");
    }
    let dated = dated.save_to_buffer().expect("a workbook");
    let plain = format!("order_no\n{one}\n{two}\n");
    let full_width: String = one.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).expect("a sign")).collect();
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("plain.csv", plain.clone().into_bytes()),
        ("bom.csv", format!("\u{feff}{plain}").into_bytes()),
        ("semicolon.csv", format!("order_no;remark\r\n{one};a,b\r\n{two};c\r\n").into_bytes()),
        ("sep.csv", format!("sep=;\r\norder_no;remark\r\n{one};x\r\n{two};y\r\n").into_bytes()),
        ("utf16.txt", utf16(&format!("order_no\tremark\r\n{one}\tx\r\n{two}\ty\r\n"))),
        ("gb18030.csv", GB18030.encode(&format!("订单号,备注\n{one},退票\n{two},改期\n")).0.into_owned()),
        ("big5.csv", BIG5.encode(&format!("訂單號,備註\n{one},退票\n{two},改期\n")).0.into_owned()),
        ("folded.csv", format!("order_no\n\u{200b}{full_width}　\n=\"{two}\"\n\n\n").into_bytes()),
        ("written.xlsx", workbook(&[&["order_no"], &[&one], &[&two], &[""]])),
        ("dated.xlsx", dated),
        ("libreoffice.xlsx", file("libreoffice.xlsx")),
    ];
    for (name, bytes) in files {
        let page = checked(&world, &lan, name, &bytes, &[]).await;
        let ready = page.select("tbody tr").iter().filter(|row| row.contains("Ready")).count();
        assert_eq!(ready, 2, "{name}: {}", page.words());
    }
    // A header that decides nothing: the user is asked, and what they say is done.
    let mixed = GB18030.encode(&format!("order_no,remark\n{one},退票\n")).0.into_owned();
    checked(&world, &lan, "mixed.csv", &mixed, &[]).await.expect("Nobody can tell in which encoding");
    let page = checked(&world, &lan, "mixed.csv", &mixed, &[("encoding", "gb18030")]).await.expect("Ready");
    let href = page.attribute("a[href*='rows.csv']", "href").expect("a file");
    lan.get(&href).await.expect_status(200).expect("退票");
}

/// Every part of it that a spreadsheet program would open.
fn shell() -> Vec<u8> {
    workbook(&[&["order_no"], &[&number(1)]])
}

/// Files that cannot be read: what each is called, what is in it, and what is said of it.
fn damaged() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let good = shell();
    let far = r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>order_no</t></is></c></row><row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row></sheetData></worksheet>"#;
    let entity = br#"<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet/>"#;
    let mut merged = Workbook::new();
    let sheet = merged.add_worksheet();
    sheet.write_string(0, 0, "order_no").expect("a cell");
    sheet.merge_range(1, 0, 3, 0, &number(1), &Format::new()).expect("a range");
    let merged = merged.save_to_buffer().expect("a workbook");
    let mut two = Workbook::new();
    two.add_worksheet().write_string(0, 0, "order_no").expect("a cell");
    two.add_worksheet().write_string(0, 0, "order_no").expect("a cell");
    let two = two.save_to_buffer().expect("a workbook");
    // One long text that every cell names: little to upload, much to keep.
    let mut much = Workbook::new();
    let sheet = much.add_worksheet();
    let long = "x".repeat(1_900);
    for row in 0..3_000u32 {
        for column in 0..6u16 {
            sheet.write_string(row, column, if row == 0 && column == 0 { "order_no" } else { &long }).expect("a cell");
        }
    }
    let much = much.save_to_buffer().expect("a workbook");
    let bomb = vec![b' '; 80 * 1_048_576];
    let strings = format!("<sst>{}</sst>", "<si/>".repeat(12_000_000));
    let open_quote = format!("order_no,remark\n{},\"never closed\n{}", number(1), "a,b\n".repeat(3000));
    vec![
        ("empty.csv", b"\n\n".to_vec(), "There is nothing in this file"),
        ("password.xlsx", file("password.xlsx"), "protected by a password"),
        ("old.xls", file("old.xls"), "the old kind (.xls)"),
        ("renamed.xlsx", file("old.xls"), "the old kind (.xls)"),
        ("open.ods", file("open.ods"), "OpenDocument"),
        ("page.xlsx", b"<html><table><tr><td>order_no</td></tr></table></html>".to_vec(), "This is a web page"),
        ("picture.xlsx", b"\x89PNG\r\n\x1a\n\0\0\0".to_vec(), "neither an XLSX workbook nor a CSV file"),
        ("other.xlsx", zipped(&[("a.txt", b"hello")]), "neither an XLSX workbook nor a CSV file"),
        ("truncated.xlsx", good[..good.len() / 2].to_vec(), "damaged or incomplete"),
        ("entity.xlsx", with_part(&good, "xl/worksheets/sheet1.xml", entity), "damaged or incomplete"),
        ("macros.xlsm", with_part(&good, "xl/vbaProject.bin", b"x"), "contains macros"),
        ("links.xlsx", with_part(&good, "xl/externalLinks/externalLink1.xml", b"<x/>"), "links to other files"),
        ("far.xlsx", with_part(&good, "xl/worksheets/sheet1.xml", far.as_bytes()), "in cell XFD1048576"),
        ("merged.xlsx", merged, "Cells are merged at A2"),
        ("sheets.xlsx", two, "Nobody can tell which sheet is meant: Sheet1, Sheet2"),
        ("bomb.xlsx", with_part(&good, "xl/sharedStrings.xml", &bomb), "larger than 64 MB"),
        ("strings.xlsx", with_part(&good, "xl/sharedStrings.xml", strings.as_bytes()), "within the memory and time"),
        ("much.xlsx", much, "more than 24 MB of text"),
        ("quote.csv", open_quote.into_bytes(), "begins in line 2 is not closed"),
        ("columns.csv", format!("order_no\n{}\n", "x,".repeat(500)).into_bytes(), "Line 2 has more than 100 columns"),
        ("header.csv", b"PNR\nABCDEF\n".to_vec(), "no column “order_no”. It has: PNR"),
        ("headeronly.csv", b"order_no\n".to_vec(), "no order number in the file"),
    ]
}

async fn every_damaged_file_has_its_own_sentence(world: World) {
    let lan = prepared(&world).await;
    let (good, files) = (shell(), damaged());
    let mut said = std::collections::BTreeMap::new();
    for (name, bytes, words) in files {
        let page = checked(&world, &lan, name, &bytes, &[]).await.expect("The file could not be read").expect(words);
        said.insert(name, page.select(".note.bad").join(" "));
        assert_eq!(page.attribute("form[action$=confirmation]", "action"), None, "{name}");
    }
    assert_eq!(world.count("SELECT COUNT(*) FROM batch_rows").await, 0);
    lan.get("/finance/claims/batches").await.expect("Not readable");
    // Its own sentence for each kind: only what is the same to a person says the same.
    let sentences: std::collections::BTreeSet<String> = said.values().map(|text| text.replace(|c: char| c.is_ascii_digit(), "")).collect();
    assert_eq!(sentences.len() + 3, said.len(), "{said:#?}");
    // Not named like a spreadsheet, too large before it is looked at, and nothing at all.
    let answer = lan.upload_sheet("/finance/claims/batches", &[("once", "k")], ("orders.pdf", &good), &[]).await;
    answer.expect_status(422).expect("“orders.pdf” is not named like a spreadsheet");
    let answer = lan.upload_sheet("/finance/claims/batches", &[("once", "k")], ("big.csv", &vec![b'x'; 6 * 1_048_576]), &[]).await;
    answer.expect_status(422).expect("5 MB");
    let answer = lan.upload_sheet("/finance/claims/batches", &[("once", "k")], ("none.csv", b""), &[]).await;
    answer.expect_status(422).expect("Choose a file").expect("proves");
}

async fn a_damaged_payment_file_has_the_same_sentences(world: World) {
    let sam = world.person("sam", Role::Supervisor, None).await;
    for (name, bytes, words) in damaged() {
        // What is said of the columns of a batch is no affair of payments.
        if words.contains("order") {
            continue;
        }
        let answer = sam.upload_sheet("/finance/remittances", &[("source", "Jin Air")], (name, &bytes), &[]).await;
        assert_eq!(answer.attribute("#source", "value").as_deref(), Some("Jin Air"), "{name}: what was typed is kept");
        answer.expect_status(422).expect(words);
    }
    assert_eq!(world.count("SELECT COUNT(*) FROM remittance_drafts").await, 0);
}

/// Waits until there is a row of these.
async fn soon(url: &str, count: &'static str) {
    use sqlx::Connection;
    let mut conn = sqlx::AnyConnection::connect(url).await.expect("the database is reached");
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let (found,): (i64,) = sqlx::query_as(count).fetch_one(&mut conn).await.expect("a count");
        if found > 0 {
            return conn.close().await.expect("the connection closes");
        }
        assert!(Instant::now() < deadline, "{count}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A reader that never comes to an end keeps the server busy with nothing but itself.
async fn a_file_that_takes_long_holds_no_other_work_up(world: World) {
    let lan = prepared(&world).await;
    let ready = uploaded(&lan, "ready.csv", format!("order_no\n{}\n", number(1)).as_bytes(), &[]).await;
    world.work_all().await;
    let script = world.files.0.join("reader");
    let begun = world.files.0.join("begun");
    std::fs::write(&script, format!("#!/bin/sh\n: > '{}'\nexec sleep 600\n", begun.display())).expect("a script");
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("its rights");
    let mut settings = (*world.app.settings).clone();
    settings.sheet_reader = Some(script);
    settings.limits.sheet_seconds = 600;
    let worker = Worker::new(App { settings: settings.into(), ..world.app.clone() }).expect("a worker");
    let background = actix_web::rt::spawn(run(worker));
    let waits = uploaded(&lan, "waits.csv", format!("order_no\n{}\n", number(2)).as_bytes(), &[]).await;
    let deadline = Instant::now() + Duration::from_mins(1);
    while !begun.exists() {
        assert!(Instant::now() < deadline, "nobody reads {waits}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    lan.post(&format!("{ready}/confirmation"), &[]).await.expect_status(303);
    soon(&world.url, "SELECT COUNT(*) FROM batches WHERE status = 'posted'").await;
    assert_eq!(world.count("SELECT COUNT(*) FROM batches WHERE status = 'reading'").await, 1, "{waits}");
    background.abort();
}

async fn cells_that_are_no_order_numbers_are_refused_one_by_one(world: World) {
    let lan = prepared(&world).await;
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_string(0, 0, "order_no").expect("a cell");
    sheet.write_number(1, 0, 1_234_567_890_123_456_789.0).expect("a cell");
    sheet.write_formula(2, 0, Formula::new("=A2&\"x\"").set_result("SKLA1")).expect("a cell");
    sheet.write_boolean(3, 0, true).expect("a cell");
    let day = ExcelDateTime::from_ymd(2026, 11, 17).expect("a day");
    sheet.write_datetime_with_format(4, 0, &day, &Format::new().set_num_format("yyyy-mm-dd")).expect("a cell");
    sheet.write_string(5, 0, "1.23457E+18").expect("a cell");
    sheet.write_string(6, 0, number(1)).expect("a cell");
    // A formula without a value would mean every passenger; and a card's number is not kept, whatever column it stands in.
    sheet.write_string(0, 1, "passengers").expect("a cell");
    sheet.write_string(0, 2, "note").expect("a cell");
    sheet.write_string(7, 0, number(2)).expect("a cell");
    sheet.write_formula(7, 1, Formula::new("=Z9").set_result("")).expect("a cell");
    sheet.write_string(8, 0, number(2)).expect("a cell");
    sheet.write_string(8, 2, "card 4111-1111 1111 1111, please").expect("a cell");
    let page = checked(&world, &lan, "cells.xlsx", &book.save_to_buffer().expect("a workbook"), &[]).await;
    let rows = page.select("tbody tr");
    assert_eq!(world.count("SELECT COUNT(*) FROM batch_rows WHERE cells LIKE '%1111%1111%'").await, 0);
    let expected = [
        "E_EXCEL_PRECISION",
        "E_FORMULA",
        "E_CELL_KIND",
        "E_CELL_KIND",
        "E_EXCEL_PRECISION",
        "Ready",
        "E_FORMULA",
        "A card number stood in this row (card •••• 1111, please)",
    ];
    assert_eq!(rows.len(), expected.len());
    for (row, code) in rows.iter().zip(expected) {
        assert!(row.contains(code), "{code}: {row}");
    }
}

async fn twenty_thousand_rows_are_checked_and_one_more_is_too_many(world: World) {
    let lan = prepared(&world).await;
    let sheet = |count: usize| {
        let mut text = String::from("order_no\n");
        for n in 1..=count {
            text.push_str(&number(n));
            text.push('\n');
        }
        text.into_bytes()
    };
    checked(&world, &lan, "many.csv", &sheet(20_001), &[]).await.expect("more than 20000 rows");
    let page = checked(&world, &lan, "many.csv", &sheet(20_000), &[]).await;
    page.expect("20,000 rows in the file").expect("2 Ready").expect("19,998 Refused").expect("Confirm 2 rows");
}

#[actix_web::test]
async fn a_hostile_file_hurts_only_its_own_reader_on_sqlite() {
    a_hostile_file_hurts_only_its_own_reader(Kind::Sqlite).await;
}

#[actix_web::test]
async fn a_hostile_file_hurts_only_its_own_reader_on_postgres() {
    a_hostile_file_hurts_only_its_own_reader(Kind::Postgres).await;
}

/// A server of its own reads hostile files while others use it: it answers, and its memory stays where it was. Killed while
/// it reads, it reads again when it is back.
async fn a_hostile_file_hurts_only_its_own_reader(kind: Kind) {
    let (url, _folder) = new_database(kind).await;
    {
        let world = World::over(&url, None).await;
        let agency = world.agency("SUNRIVER").await;
        world.user("lan", Role::Admin, Some(&agency), Language::English).await;
        world.user("sam", Role::Supervisor, None, Language::English).await;
    }
    let files = Folder::new();
    let server = Server::start_over(&url, &files).await;
    let (lan, sam) = (signed_in(&server.base, "lan").await, signed_in(&server.base, "sam").await);
    lan.get("/finance/claims/batches").await.expect_status(200);
    let before = server.memory();
    let strings = format!("<sst>{}</sst>", "<si/>".repeat(12_000_000));
    let bomb = with_part(&shell(), "xl/sharedStrings.xml", strings.as_bytes());
    let mut batches = Vec::new();
    for _ in 0..2 {
        batches.push(uploaded(&lan, "bomb.xlsx", &bomb, &[]).await);
    }
    let payments = async {
        let answer = sam.upload_sheet("/finance/remittances", &[("source", "Jin Air")], ("bomb.xlsx", &bomb), &[]).await;
        answer.expect_status(422).expect("within the memory and time");
    };
    let pages = async {
        let (mut slowest, mut most) = (Duration::ZERO, 0);
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_mins(1) {
            let asked = Instant::now();
            lan.get("/bookings").await.expect_status(200);
            slowest = slowest.max(asked.elapsed());
            most = most.max(server.memory());
            let page = lan.get(batches.last().expect("a batch")).await;
            if page.words().contains("within the memory and time") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        (slowest, most)
    };
    let ((), (slowest, most)) = futures_util::future::join(payments, pages).await;
    for batch in &batches {
        lan.get(batch).await.expect("within the memory and time");
    }
    assert!(slowest < Duration::from_secs(10), "other pages waited {slowest:?}");
    let grown = most.saturating_sub(before);
    assert!(grown < 200 * 1_048_576, "the server has grown by {grown} bytes");
    let last = uploaded(&lan, "bomb.xlsx", &bomb, &[]).await;
    // Killed while its reader is at it.
    soon(&url, "SELECT COUNT(*) FROM batches WHERE status = 'reading' AND taken_until > created_at").await;
    server.kill();
    let server = Server::start_over(&url, &files).await;
    let lan = signed_in(&server.base, "lan").await;
    // A server that vanished is waited for: it might still be reading.
    soon(&url, "SELECT COUNT(*) FROM batches WHERE status = 'reading' AND taken_until > created_at").await;
    execute(&url, "UPDATE batches SET taken_until = '2026-01-01T00:00:00Z' WHERE status = 'reading'").await;
    let sound = uploaded(&lan, "sound.csv", format!("order_no\n{}\n", number(1)).as_bytes(), &[]).await;
    for (batch, words) in [(&last, "within the memory and time"), (&sound, "1 Refused")] {
        let begun = Instant::now();
        while !lan.get(batch).await.words().contains(words) {
            assert!(begun.elapsed() < Duration::from_mins(2), "{words}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    server.kill();
}
