//! Orders a second into SQLite, from text to commit: `cargo bench --bench import`. Give a file of orders, one per
//! line, as the first argument to use those instead of the example's copies.

use std::fmt::Write;
use std::time::Instant;

use afterfare::agencies::actions::{self, NewAgency};
use afterfare::bookings::import::{Counts, Import};
use afterfare::db::{Db, PoolSizes};
use afterfare::journal::Author;
use afterfare::kernel::money::{Currency, Money};
use afterfare::kernel::time::Clock;

const ORDERS: usize = 20_000;

fn copies() -> String {
    let mut text = String::new();
    for n in 0..ORDERS {
        let _ = writeln!(
            text,
            r#"{{"orderNo":"SKLA2026110419{n:07}","orderStatus":"2","pnrCode":"KEJCBK","totalPrice":313.94,"currency":"USD","paymentMethod":1,
"paxTicketInfos":[{{"name":"ZHANG/SAN {n}","passengerType":0,"ticketNos":["7182{n:09}"],"airlinePNRs":["K74MM4"]}},{{"name":"TRAN/MINH ANH","passengerType":0,"ticketNos":["7183{n:09}"],"airlinePNRs":["K74MM4"],"ancillaries":[{{"productCode":"SCI","segmentIndex":1,"ancillaryPrice":31.56,"currency":"USD","productType":1}}]}}],
"routing":{{"currency":"USD","adultPrice":118.40,"adultTax":22.79,"transactionFeePerPax":1.00,"fromSegments":[{{"segmentIndex":1,"carrier":"LJ","flightNumber":"LJ820","depAirport":"PVG","depTime":"202612011325","arrAirport":"CJU","arrTime":"202612011600"}}],"retSegments":[],"rule":{{"refundRules":[{{"refundType":0,"currency":"CNY","refNoshow":"T","refNoShowCondition":2,"ruleDetailList":[{{"status":"H","startMinute":525600,"endMinute":4320,"amount":480.00,"currency":"CNY"}},{{"status":"H","startMinute":4320,"endMinute":0,"amount":1280.00,"currency":"CNY"}},{{"status":"T","startMinute":0,"endMinute":-525600,"amount":0,"currency":"CNY"}}]}}]}}}},
"airlineBookings":[{{"airlineCode":"LJ","airlineName":"Jin Air","airlinePnr":"K74MM4"}}]}}"#
        );
    }
    text
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let text = match file {
        Some(file) => std::fs::read_to_string(file)?,
        None => copies(),
    };
    let folder = std::env::temp_dir().join(format!("afterfare-bench-{}", std::process::id()));
    let url = format!("sqlite://{}/bench.db", folder.display());
    let db = Db::open(&url, PoolSizes { readers: 1, writers: 1 }).await?;
    let new = NewAgency { code: "BENCH".to_owned(), name: "Bench".to_owned(), credit_line: Money::zero(Currency::USD) };
    let agency = actions::add_agency(&db, new, Author::program(), Clock::System.now()).await.map_err(|_| "no agency")?;
    for round in ["new orders", "the same again"] {
        let began = Instant::now();
        let mut import = Import {
            db: &db,
            clock: &Clock::System,
            agency_id: &agency.id,
            counts: Counts::default(),
            refused: &mut |refused| println!("refused: {refused:?}"),
            progress: &mut |_| {},
        };
        import.run(text.as_bytes()).await.map_err(|error| error.to_string())?;
        let counts = import.counts;
        let seconds = began.elapsed().as_secs_f64();
        println!("{round}: {} orders in {seconds:.2} s", counts.read());
        println!("  {:.0} orders/s {counts:?}", f64::from(u32::try_from(counts.read())?) / seconds);
    }
    db.close().await;
    std::fs::remove_dir_all(folder)?;
    Ok(())
}
