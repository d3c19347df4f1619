//! The books cannot be damaged by the program, and damage by hand is found.

use afterfare::kernel::actor::Role;

use crate::on_both;
use crate::world::{World, execute, raw};

on_both! {
    the_database_refuses_to_change_or_delete_transfers
    a_changed_amount_is_found
    a_missing_leg_is_found
    a_credit_twice_is_found
    a_changed_balance_is_found
    the_database_refuses_a_credit_for_a_card
    a_deposit_stops_at_its_credit_line
    a_panic_in_a_write_leaves_nothing_behind
}

/// A world with one credited refund.
async fn credited(world: &World) -> String {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let sam = world.person("sam", Role::Supervisor, None).await;
    let order_no = world.booked(&agency, "SKLA20261104193210042").await;
    let number = lan.refund(&order_no, "voluntary").await;
    sam.work(&number, "submission", &[]).await.expect_status(303);
    sam.work(&number, "confirmation", &[("amount", "74.99")]).await.expect_status(303);
    let money = [("amount", "74.99"), ("received_on", "2026-11-20"), ("receipt_reference", "BANK-1")];
    sam.work(&number, "receipt", &money).await.expect_status(303);
    sam.work(&number, "credit", &[]).await.expect_status(303);
    assert_eq!(world.verify().await, Vec::<String>::new());
    number
}

/// Takes the guards away, as only somebody with the keys to the database can.
async fn unguard(world: &World) {
    let statements: &[&str] = match world.app.db.kind {
        afterfare::db::Kind::Sqlite => &["DROP TRIGGER transfers_never_updated", "DROP TRIGGER transfers_never_deleted"],
        afterfare::db::Kind::Postgres => &["DROP TRIGGER transfers_never_changed ON transfers"],
    };
    for statement in statements {
        execute(&world.url, statement).await;
    }
}

async fn the_database_refuses_to_change_or_delete_transfers(world: World) {
    credited(&world).await;
    for statement in
        ["UPDATE transfers SET amount_minor = 1", "DELETE FROM transfers", "UPDATE events SET happened = 'x'", "DELETE FROM events"]
    {
        let refused = world
            .app
            .db
            .write(move |conn| Box::pin(async move { sqlx::query(statement).execute(conn).await.map(|_| ()) }))
            .await
            .map_err(|error: sqlx::Error| error.to_string());
        assert!(refused.as_ref().is_err_and(|error| error.contains("never")), "{statement}: {refused:?}");
    }
    if world.app.db.kind == afterfare::db::Kind::Sqlite {
        let replace = "INSERT OR REPLACE INTO transfers SELECT * FROM transfers LIMIT 1";
        let refused = world.app.db.write(move |conn| Box::pin(async move { sqlx::query(replace).execute(conn).await.map(|_| ()) })).await;
        assert!(refused.is_err_and(|error: sqlx::Error| error.to_string().contains("never")));
    }
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn a_changed_amount_is_found(world: World) {
    let number = credited(&world).await;
    unguard(&world).await;
    execute(&world.url, "UPDATE transfers SET amount_minor = amount_minor + 100 WHERE kind = 'refund-credit'").await;
    let found = world.verify().await.join("\n");
    assert!(found.contains(&format!("refund {number} was credited with 7599, but 7499 came")), "{found}");
    assert!(found.contains("account deposit"), "{found}");
}

async fn a_missing_leg_is_found(world: World) {
    let number = credited(&world).await;
    unguard(&world).await;
    execute(&world.url, "DELETE FROM transfers WHERE kind = 'service-fee'").await;
    let found = world.verify().await.join("\n");
    assert!(found.contains(&format!("refund {number} paid a service fee of 0, but its fee is 200")), "{found}");
    assert!(found.contains("account service-fee-income"), "{found}");
}

async fn a_credit_twice_is_found(world: World) {
    let number = credited(&world).await;
    let again = "INSERT INTO transfers (id, entry_id, debit_account_id, credit_account_id, amount_minor, currency, kind, refund_id, refund_channel, \
                 actor_id, created_at) SELECT 'again', entry_id, debit_account_id, credit_account_id, amount_minor, currency, kind, refund_id, \
                 refund_channel, actor_id, created_at FROM transfers WHERE kind = 'refund-credit'";
    let refused = world.app.db.write(move |conn| Box::pin(async move { sqlx::query(again).execute(conn).await.map(|_| ()) })).await;
    assert!(refused.is_err_and(|error: sqlx::Error| afterfare::db::is_duplicate(&error)), "the database itself refuses a second credit");
    execute(&world.url, "DROP INDEX one_credit_per_refund").await;
    execute(&world.url, again).await;
    let found = world.verify().await.join("\n");
    assert!(found.contains(&format!("refund {number} has 2 credits, but a credited refund has exactly 1")), "{found}");
}

async fn a_changed_balance_is_found(world: World) {
    credited(&world).await;
    execute(&world.url, "UPDATE accounts SET balance_minor = balance_minor + 1 WHERE kind = 'deposit'").await;
    let found = world.verify().await;
    assert_eq!(found.len(), 1, "{found:?}");
}

async fn the_database_refuses_a_credit_for_a_card(world: World) {
    credited(&world).await;
    let mut conn = world.app.db.read().await.expect("a connection");
    let own = afterfare::agencies::store::agency(&mut conn, "SUNRIVER").await.expect("a query").expect("the agency");
    drop(conn);
    let lan = world.person("lan3", Role::Admin, Some(&own)).await;
    let (text, order_no) = crate::world::order("SKLA20261104193210077").with(|order| order["paymentMethod"] = raw("3")).finish();
    world.import(&own, &text).await;
    lan.refund(&order_no, "voluntary").await;
    for channel in ["vcc", "deposit"] {
        let credit = format!(
            "INSERT INTO transfers (id, entry_id, debit_account_id, credit_account_id, amount_minor, currency, kind, refund_id, refund_channel, \
             actor_id, created_at) SELECT 'card', t.entry_id, t.debit_account_id, t.credit_account_id, t.amount_minor, t.currency, t.kind, r.id, \
             '{channel}', t.actor_id, t.created_at FROM transfers t, refunds r WHERE t.kind = 'refund-credit' AND r.payment_channel = 'vcc'"
        );
        let refused = world
            .app
            .db
            .write(move |conn| Box::pin(async move { sqlx::query(sqlx::AssertSqlSafe(credit)).execute(conn).await.map(|_| ()) }))
            .await;
        assert!(refused.is_err_and(|error: sqlx::Error| error.as_database_error().is_some()), "{channel}");
    }
}

async fn a_deposit_stops_at_its_credit_line(world: World) {
    use afterfare::ledger::posting::{About, Account, LedgerError, Leg, post};
    use afterfare::ledger::{AccountKind, TransferKind};
    let usd = afterfare::kernel::money::Currency::USD;
    let now = world.now();
    let new = afterfare::agencies::actions::NewAgency {
        code: "CREDIT".to_owned(),
        name: "Credit".to_owned(),
        credit_line: afterfare::kernel::money::Money::new(5_000, usd),
    };
    let added = afterfare::agencies::actions::add_agency(&world.app.db, new, afterfare::journal::Author::program(), now).await;
    let id = added.expect("the agency is added").id;
    let spend = |minor: i64| {
        let (db, id) = (world.app.db.clone(), id.clone());
        async move {
            db.write(move |conn| {
                Box::pin(async move {
                    let leg = Leg {
                        debit: Account::of(AccountKind::Deposit, &id),
                        credit: Account::own(AccountKind::ServiceFeeIncome),
                        amount: afterfare::kernel::money::Money::new(minor, usd),
                        kind: TransferKind::ServiceFee,
                    };
                    post(conn, &[leg], About { refund: None, case: None, round: 0, actor_id: "test", now }).await
                })
            })
            .await
        }
    };
    spend(5_000).await.expect("down to the line");
    assert!(matches!(spend(1).await, Err(LedgerError::BelowFloor)));
    assert_eq!(world.verify().await, Vec::<String>::new());
}

async fn a_panic_in_a_write_leaves_nothing_behind(world: World) {
    credited(&world).await;
    for _ in 0..3 {
        let broken = world.app.db.write(|conn| {
            Box::pin(async move {
                sqlx::query("UPDATE agencies SET name = 'half done'").execute(&mut *conn).await?;
                "no number".parse::<i64>().expect("a fault of the program");
                Ok::<_, sqlx::Error>(())
            })
        });
        assert!(broken.await.is_err());
        // The very next writer finds no open transaction, and nothing of the broken one.
        let next = world
            .app
            .db
            .write(|conn| Box::pin(async move { sqlx::query("UPDATE agencies SET code = code").execute(conn).await.map(|_| ()) }));
        let next: Result<(), sqlx::Error> = next.await;
        next.expect("the next write is fine");
    }
    assert_eq!(world.count("SELECT COUNT(*) FROM agencies WHERE name = 'half done'").await, 0);
}
