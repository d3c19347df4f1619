//! A statement on paper: printed by a real browser, and its text read back from the pages in Chinese and Vietnamese.

use std::process::Command;

use afterfare::kernel::actor::Role;
use afterfare::kernel::language::Language;
use fantoccini::wd::PrintConfigurationBuilder;

use crate::browser::{browser, sign_in};
use crate::on_both;
use crate::world::{Folder, World};

on_both! {
    a_statement_prints_in_every_language
}

async fn a_statement_prints_in_every_language(world: World) {
    let (lan, sam, number) = world.registered("SKLA20261104193210042").await;
    sam.work(&number, "submission", &[]).await.expect_status(303);
    sam.work(&number, "confirmation", &[("amount", "74.99")]).await.expect_status(303);
    sam.work(&number, "receipt", &[("amount", "74.99"), ("received_on", "2026-11-20"), ("receipt_reference", "B")])
        .await
        .expect_status(303);
    sam.work(&number, "credit", &[]).await.expect_status(303);
    drop((lan, sam));
    world.work_all().await;
    world.later(60 * 24 * 11);
    world.work_all().await;
    let agency = world.sunriver().await;
    let readers = [
        ("hoa", Language::Vietnamese, ["Sao kê", "Số dư đầu kỳ", "Số dư cuối kỳ", "USD 72,99"]),
        ("mei", Language::Chinese, ["对账单", "期初余额", "期末余额", "USD 72.99"]),
    ];
    for (name, language, words) in readers {
        let email = world.user(name, Role::Finance, Some(&agency), language).await;
        let browser = browser(true, 1440).await;
        sign_in(&browser, &world, &email).await;
        browser.goto(&format!("{}/finance/statements/ST-202612-0001", world.base)).await.expect("the page");
        let printed = browser.print(PrintConfigurationBuilder::default().build().expect("a layout")).await.expect("the pages");
        browser.close().await.expect("the browser closes");
        let text = read_back(&printed);
        for word in words.iter().chain(&["ST-202612-0001", "SUNRIVER Travel", "SKLA20261104193210042", "ZHANG/SAN", number.as_str()]) {
            assert!(text.contains(*word), "“{word}” is not on paper: {text}");
        }
        // The frame of the page does not belong on paper.
        assert!(!text.contains("Tiếng Việt") && !text.contains("XLSX"), "{text}");
    }
}

/// The text of a PDF, as its reader would copy it.
pub fn read_back(pdf: &[u8]) -> String {
    assert!(pdf.starts_with(b"%PDF"));
    let folder = Folder::new();
    let file = folder.0.join("statement.pdf");
    std::fs::write(&file, pdf).expect("a file");
    let read = Command::new("pdftotext").args(["-layout", "-enc", "UTF-8"]).arg(&file).arg("-").output();
    let read = read.expect("pdftotext is not there: run ./tests/run, which installs poppler-utils");
    String::from_utf8_lossy(&read.stdout).replace('\u{a0}', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}
