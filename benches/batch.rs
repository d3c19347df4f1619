//! A workbook of 20,000 orders, read, checked and posted as claims, against only reading it with the library's cell
//! reader and inserting 20,000 plain rows in one transaction: `cargo bench --bench batch`, on SQLite, and on the
//! PostgreSQL that AFTERFARE_TEST_POSTGRES names, in a database of its own.

use std::fmt::Write;
use std::io::Cursor;
use std::time::Instant;

use afterfare::agencies::actions::{self, NewAgency, NewUser};
use afterfare::app;
use afterfare::batches::actions::{self as batches, Beginning};
use afterfare::batches::model::BatchKind;
use afterfare::bookings::import::{Counts, Import};
use afterfare::config::Settings;
use afterfare::db::{Db, PoolSizes};
use afterfare::journal::Author;
use afterfare::kernel::actor::{Actor, Role};
use afterfare::kernel::id::new_token;
use afterfare::kernel::language::Language;
use afterfare::kernel::money::{Currency, Money};
use afterfare::kernel::time::{Clock, utc_day};
use afterfare::refunds::model::Reason;
use afterfare::worker::{Step, Worker};
use calamine::{DataRef, Reader, Xlsx};
use clap::Parser;
use rust_xlsxwriter::Workbook;

const ROWS: usize = 20_000;

type Fault = Box<dyn std::error::Error>;

fn number(n: usize) -> String {
    format!("SKLA2026110419{n:07}")
}

fn orders() -> String {
    let mut text = String::new();
    for n in 0..ROWS {
        let _ = writeln!(
            text,
            r#"{{"orderNo":"{}","orderStatus":"2","pnrCode":"KEJCBK","totalPrice":141.19,"currency":"USD","paymentMethod":1,
"paxTicketInfos":[{{"name":"ZHANG/SAN {n}","passengerType":0,"ticketNos":["7182{n:09}"],"airlinePNRs":["K74MM4"]}}],
"routing":{{"currency":"USD","adultPrice":118.40,"adultTax":22.79,"transactionFeePerPax":1.00,"fromSegments":[{{"segmentIndex":1,"carrier":"LJ","flightNumber":"LJ820","depAirport":"PVG","depTime":"209912011325","arrAirport":"CJU","arrTime":"209912011600"}}],"retSegments":[],"rule":{{"refundRules":[{{"refundType":0,"currency":"USD","refNoshow":"T","refNoShowCondition":2,"ruleDetailList":[{{"status":"H","startMinute":52560000,"endMinute":4320,"amount":48.00,"currency":"USD"}},{{"status":"T","startMinute":0,"endMinute":-525600,"amount":0,"currency":"USD"}}]}}]}}}},
"airlineBookings":[{{"airlineCode":"LJ","airlineName":"Jin Air","airlinePnr":"K74MM4"}}]}}"#,
            number(n)
        );
    }
    text
}

fn workbook() -> Result<Vec<u8>, Fault> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_string(0, 0, "order_no")?;
    for n in 0..ROWS {
        sheet.write_string(u32::try_from(n + 1)?, 0, number(n))?;
    }
    Ok(book.save_to_buffer()?)
}

/// Reads the cells and inserts a row for each, and nothing else; some times over.
async fn plain(db: &Db, bytes: &[u8], times: &mut Vec<f64>) -> Result<(), Fault> {
    for _ in 0..3 {
        times.push(plain_once(db, bytes).await?);
    }
    Ok(())
}

async fn plain_once(db: &Db, bytes: &[u8]) -> Result<f64, Fault> {
    for statement in
        ["DROP TABLE IF EXISTS plain", "CREATE TABLE plain (id TEXT NOT NULL PRIMARY KEY, order_no TEXT NOT NULL, row_no BIGINT NOT NULL)"]
    {
        db.write(move |conn| Box::pin(async move { sqlx::query(statement).execute(conn).await.map(|_| ()) })).await.map_err(said)?;
    }
    let began = Instant::now();
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes))?;
    let mut cells = book.worksheet_cells_reader("Sheet1")?;
    let mut all = Vec::new();
    while let Some(cell) = cells.next_cell()? {
        if let DataRef::SharedString(text) = cell.get_value() {
            all.push((*text).to_owned());
        }
    }
    let insert = db.write(move |conn| {
        Box::pin(async move {
            for (row, text) in (0i64..).zip(&all) {
                sqlx::query("INSERT INTO plain (id, order_no, row_no) VALUES ($1, $2, $3)")
                    .bind(afterfare::kernel::id::new_id())
                    .bind(text)
                    .bind(row)
                    .execute(&mut *conn)
                    .await?;
            }
            Ok::<_, sqlx::Error>(())
        })
    });
    insert.await.map_err(said)?;
    Ok(began.elapsed().as_secs_f64())
}

fn said(error: sqlx::Error) -> Fault {
    error.into()
}

#[derive(Parser)]
struct Defaults {
    #[command(flatten)]
    settings: Settings,
}

/// Does everything that the worker finds; the seconds it took.
async fn work(worker: &Worker) -> Result<f64, Fault> {
    let began = Instant::now();
    while worker.step().await? == Step::Done {}
    Ok(began.elapsed().as_secs_f64())
}

async fn measure(name: &str, url: &str, folder: &std::path::Path) -> Result<(), Fault> {
    let db = Db::open(url, PoolSizes { readers: 4, writers: 4 }).await?;
    let now = Clock::System.now();
    let new = NewAgency { code: "BENCH".to_owned(), name: "Bench".to_owned(), credit_line: Money::zero(Currency::USD) };
    let agency = actions::add_agency(&db, new, Author::program(), now).await.map_err(|_| "no agency")?;
    let new = NewUser {
        email: "bench@agency.example".to_owned(),
        name: "Bench".to_owned(),
        role: Role::Admin,
        agency_id: Some(agency.id.clone()),
        language: Language::English,
    };
    let (user, _) = actions::add_user(&db, new, Author::program(), 1, now).await.map_err(|_| "no user")?;
    let actor = Actor {
        user_id: user.id,
        email: user.email,
        name: user.name,
        role: user.role,
        agency_id: Some(agency.id.clone()),
        agency_name: Some(agency.name.clone()),
        language: Language::English,
        zone_name: "UTC".to_owned(),
    };
    let mut import = Import {
        db: &db,
        clock: &Clock::System,
        agency_id: &agency.id,
        counts: Counts::default(),
        refused: &mut |refused| println!("refused: {refused:?}"),
        progress: &mut |_| {},
    };
    import.run(orders().as_bytes()).await.map_err(|error| error.to_string())?;
    let bytes = workbook()?;
    let (files, mail) = (folder.join("files"), folder.join("mail"));
    let arguments = ["bench", "--files", &files.to_string_lossy(), "--mail-folder", &mail.to_string_lossy()].map(str::to_owned);
    let mut settings = Defaults::parse_from(arguments).settings;
    settings.sheet_reader = Some(env!("CARGO_BIN_EXE_afterfare").into());
    let house = app::new(db.clone(), settings, Clock::System).await?;
    let worker = Worker::new(house.clone())?;
    work(&worker).await?;
    let beginning = Beginning {
        actor: actor.clone(),
        kind: BatchKind::Claims,
        file_name: "bench.xlsx".to_owned(),
        file_digest: "bench".to_owned(),
        stored_as: afterfare::attachments::upload::keep_sheet(&house.settings.files, &bytes).await?,
        encoding: None,
        reason: Some(Reason::Voluntary),
        fulfilled_on: Some(utc_day(now)),
        proof: Vec::new(),
        once_key: new_token(),
    };
    // One time alone varies by half, and several at once alike: the middle one is taken of some before, between and after.
    let mut times = Vec::new();
    plain(&db, &bytes, &mut times).await?;
    let batch = batches::begin(&db, beginning, now).await.map_err(|error| format!("{error:?}"))?;
    let checked = work(&worker).await?;
    plain(&db, &bytes, &mut times).await?;
    batches::confirm(&db, actor, batch, now).await.map_err(|error| format!("{error:?}"))?;
    let posted = work(&worker).await?;
    plain(&db, &bytes, &mut times).await?;
    times.sort_by(f64::total_cmp);
    let baseline = times[times.len() / 2];
    let mut conn = db.read().await?;
    let (made,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM refunds").fetch_one(&mut *conn).await?;
    assert_eq!(made, i64::try_from(ROWS)?, "every row is a claim");
    drop(conn);
    println!(
        "{name}: read and inserted plainly {baseline:.2} s; read and checked {checked:.2} s, posted {posted:.2} s: {:.1} times",
        (checked + posted) / baseline
    );
    db.close().await;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let folder = std::env::temp_dir().join(format!("afterfare-bench-{}", std::process::id()));
    measure("SQLite", &format!("sqlite://{}/bench.db", folder.display()), &folder).await?;
    if let Ok(server) = std::env::var("AFTERFARE_TEST_POSTGRES") {
        use sqlx::{Connection, Executor};
        let name = format!("afterfare_bench_{}", std::process::id());
        let mut conn = sqlx::AnyConnection::connect(&server).await?;
        conn.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await?;
        let (host, _) = server.rsplit_once('/').ok_or("an address with a database")?;
        measure("PostgreSQL", &format!("{host}/{name}"), &folder).await?;
    }
    std::fs::remove_dir_all(folder)?;
    Ok(())
}
