//! The demo's rule sets (the shipped examples, and a draft that changes one) and no-go tables.

use super::{Complaint, said};
use crate::db::Db;
use crate::kernel::time::{Timestamp, plus_days, utc_day};
use crate::refund_calculation::no_go;
use crate::rule_sets::loading;
use crate::rule_sets::no_go_store::{self, TableScope};

#[derive(rust_embed::RustEmbed)]
#[folder = "rules/"]
struct Examples;

/// Rule sets are at most so long here.
const MAX_BYTES: usize = 1024 * 1024;

const DOMESTIC: &str = "HAN SABRE SSCI  SGN SABRE SSCI  DAD SABRE SSCI  HPH SABRE SSCI  PQC SABRE SSCI  CXR SABRE SSCI  VII SABRE SSCI\n\
                        VCS  DIN  VCL  PXU  TBB  VKG  CAH";
const INTERNATIONAL: &str = "HAN SABRE SSCI  SGN SABRE SSCI  DAD SABRE SSCI  BKK SABRE SSCI  SIN SABRE SSCI  KUL\nPNH  REP  VTE  LPQ";

/// Loads them.
pub(super) async fn load(db: &Db, by: &str, now: Timestamp) -> Result<(), Complaint> {
    for file in Examples::iter().filter(|file| file != "low-cost.json" && !file.contains('/')) {
        let document = Examples::get(&file).map(|file| String::from_utf8_lossy(&file.data).into_owned()).unwrap_or_default();
        let rules = keep(db, document.clone(), by, now).await?;
        loading::activate(db, rules.name.clone(), rules.version.clone(), utc_day(plus_days(now, -60)), by.to_owned(), now)
            .await
            .map_err(said)?;
        if file == "vn-domestic.json" {
            let draft = document.replace("\"2018-02\"", "\"2026-12\"").replace("\"500000\"", "\"600000\"");
            keep(db, draft, by, now).await?;
        }
    }
    for (scope, pasted) in [(TableScope::Domestic, DOMESTIC), (TableScope::International, INTERNATIONAL)] {
        let (airports, _) = no_go::read_answer(pasted);
        let by = by.to_owned();
        db.write(move |conn| Box::pin(async move { no_go_store::insert(conn, scope, &airports, &by, now).await })).await.map_err(said)?;
    }
    Ok(())
}

async fn keep(db: &Db, document: String, by: &str, now: Timestamp) -> Result<crate::refund_calculation::RuleSet, Complaint> {
    loading::keep(db, document, MAX_BYTES, by.to_owned(), now).await.map_err(|refusal| format!("a rule set was refused: {refusal:?}"))
}
