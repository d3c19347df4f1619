//! The bell and the mail: who is told what, in which language, when, and once.

use std::sync::{Arc, Mutex};

use afterfare::kernel::actor::Role;
use afterfare::kernel::language::Language;
use afterfare::web::App;
use afterfare::worker::{Step, Worker};
use jiff::SignedDuration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::sync::watch;

use crate::on_both;
use crate::world::{Person, World, execute, settings};

on_both! {
    a_refusal_is_told_with_its_reason_and_next_step
    mail_goes_out_over_smtp_in_the_reader_s_language
    mail_that_is_not_taken_is_tried_again_and_given_up
    of_one_person_s_mails_only_the_refused_one_is_tried_again
    a_server_that_stops_leaves_its_mail_to_the_next
    what_was_taken_long_ago_is_taken_anew
    mail_keeps_its_pace
    a_digest_waits_and_none_is_none
    two_workers_send_each_mail_once
    the_bell_is_one_s_own
    the_bell_counts_to_nine
}

const ORDER: &str = "SKLA20261104193210042";

/// A mail server of this test: it keeps what it is given and does not refuse.
async fn mail_server(refuses: impl Fn(&str) -> bool + Clone + Send + 'static) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("smtp://{}", listener.local_addr().expect("an address"));
    let kept = Arc::new(Mutex::new(Vec::new()));
    let all = Arc::clone(&kept);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (all, refuses) = (Arc::clone(&all), refuses.clone());
            tokio::spawn(async move {
                let (read, mut write) = stream.into_split();
                let mut lines = BufReader::new(read).lines();
                write.write_all(b"220 here\r\n").await.ok()?;
                while let Ok(Some(line)) = lines.next_line().await {
                    let word = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
                    let answer = match word.as_str() {
                        "DATA" => {
                            write.write_all(b"354 go on\r\n").await.ok()?;
                            let mut mail = String::new();
                            while let Ok(Some(line)) = lines.next_line().await {
                                if line == "." {
                                    break;
                                }
                                mail.push_str(&line);
                                mail.push('\n');
                            }
                            if refuses(&mail) {
                                "451 not now"
                            } else {
                                all.lock().expect("kept").push(mail);
                                "250 kept"
                            }
                        }
                        "QUIT" => "221 bye",
                        _ => "250 ok",
                    };
                    write.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
                }
                Some(())
            });
        }
    });
    (address, kept)
}

/// A worker of this world that sends to a server.
fn mailing_to(world: &World, smtp: &str) -> Worker {
    let mut settings = settings(world.base.trim_start_matches("http://"), &world.files);
    settings.smtp = Some(smtp.to_owned());
    Worker::new(App { settings: Arc::new(settings), ..world.app.clone() }).expect("a worker")
}

async fn work_all(worker: &Worker) {
    while worker.step().await.expect("the worker steps") == Step::Done {}
}

/// The decoded text of a mail's body (quoted-printable or base64), with its headers as they are.
fn decoded(mail: &str) -> String {
    let (head, body) = mail.split_once("\n\n").unwrap_or((mail, ""));
    let body = if head.to_lowercase().contains("quoted-printable") {
        let joined = body.replace("=\n", "");
        let mut bytes = Vec::new();
        let mut rest = joined.bytes();
        while let Some(byte) = rest.next() {
            if byte == b'=' {
                let hex: String = [rest.next(), rest.next()].into_iter().flatten().map(char::from).collect();
                bytes.push(u8::from_str_radix(&hex, 16).unwrap_or(b'?'));
            } else {
                bytes.push(byte);
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    } else if head.to_lowercase().contains("base64") {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let (mut bits, mut count, mut bytes) = (0u32, 0, Vec::new());
        for value in body.bytes().filter_map(|byte| alphabet.iter().position(|one| *one == byte)) {
            bits = (bits << 6) | u32::try_from(value).expect("six bits");
            count += 6;
            if count >= 8 {
                count -= 8;
                bytes.push(u8::try_from((bits >> count) & 255).expect("a byte"));
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    } else {
        body.to_owned()
    };
    format!("{head}\n\n{body}")
}

async fn a_refusal_is_told_with_its_reason_and_next_step(world: World) {
    let (lan, sam, number) = world.registered(ORDER).await;
    sam.get("/notices")
        .await
        .expect(&format!("Refund {number} of order {ORDER} (LJ) was submitted."))
        .expect("It must be with the airline by 2026-11-20 13:00.");
    sam.work(&number, "submission", &[]).await.expect_status(303);
    sam.work(&number, "refusal", &[("code", "2"), ("note", "They deny it.")]).await.expect_status(303);
    let page = lan.get("/notices").await.expect("They deny it.").expect("Submitted to the airline.");
    // The reason in words, and what to do next.
    let refusal = lan.get(&format!("/refunds/{number}")).await;
    let next = refusal.select(".ball span").concat();
    assert!(page.words().contains(&next), "“{next}” is not in: {}", page.words());
    assert_eq!(page.select(".bell .count"), ["2"]);
    // Opened, it is read; reading the rest empties the bell.
    let open = page.attribute(".notices form", "action").expect("a notice");
    assert_eq!(lan.post(&open, &[]).await.expect_status(303).location, format!("/refunds/{number}"));
    assert_eq!(lan.get("/").await.select(".bell .count"), ["1"]);
    lan.post("/notices/reading", &[]).await.expect_status(303);
    assert!(lan.get("/").await.select(".bell .count").is_empty());
}

async fn mail_goes_out_over_smtp_in_the_reader_s_language(world: World) {
    let (server, kept) = mail_server(|_| false).await;
    let worker = mailing_to(&world, &server);
    let agency = world.agency("SUNRIVER").await;
    let minh = world.person_speaking("minh", Role::Admin, Some(&agency), Language::Vietnamese).await;
    let li = world.user("li", Role::Operations, Some(&agency), Language::Chinese).await;
    world.user("cora", Role::Finance, Some(&agency), Language::English).await;
    let wei = world.person("wei", Role::OperatorAgent, None).await;
    let order_no = world.booked(&agency, ORDER).await;
    let number = minh.raised(&order_no, "feedback-dispute", &[("description", "Xin kiểm tra giúp tiền ghế.")]).await;
    work_all(&worker).await;
    let to_wei = decoded(&kept.lock().expect("kept")[0]);
    assert!(to_wei.contains("To: wei <wei@people.example>") && to_wei.contains("From: Afterfare <no-reply@afterfare.example>"), "{to_wei}");
    assert!(to_wei.contains("minh raised a request: Feedback / Dispute.") && to_wei.contains("Xin kiểm tra giúp tiền ghế."), "{to_wei}");
    assert!(to_wei.contains(&format!("{}/requests/{number}", world.base)), "the deep link: {to_wei}");
    wei.say(&number, "It was charged once.", "processed").await.expect_status(303);
    work_all(&worker).await;
    let mails: Vec<String> = kept.lock().expect("kept").iter().map(|mail| decoded(mail)).collect();
    assert_eq!(mails.len(), 3, "the one who works it, and both of the agency who may work it: {mails:#?}");
    let of =
        |address: &str| mails.iter().find(|mail| mail.contains(&format!("<{address}>"))).unwrap_or_else(|| panic!("none to {address}"));
    let (to_minh, to_li) = (of("minh@people.example"), of(&li));
    assert!(to_minh.contains("It was charged once.") && to_minh.contains("wei"), "{to_minh}");
    assert!(to_li.contains("您好") || to_li.contains("你好"), "{to_li}");
    // All mails of the case stand in one thread; each has an id of its own.
    let header = |mail: &str, name: &str| {
        mail.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap_or_else(|| panic!("no {name}: {mail}")).to_owned()
    };
    assert_eq!(header(&to_wei, "In-Reply-To"), header(to_minh, "In-Reply-To"));
    assert_eq!(header(to_minh, "In-Reply-To"), header(to_minh, "References"));
    let ids: std::collections::BTreeSet<String> = mails.iter().map(|mail| header(mail, "Message-ID")).collect();
    assert_eq!(ids.len(), 3);
    assert_eq!(world.count("SELECT COUNT(*) FROM notices WHERE mail_state <> 'sent'").await, 0);
}

async fn mail_that_is_not_taken_is_tried_again_and_given_up(world: World) {
    let (refusing, _) = mail_server(|_| true).await;
    let worker = mailing_to(&world, &refusing);
    world.registered(ORDER).await;
    work_all(&worker).await;
    assert_eq!(world.count("SELECT COUNT(*) FROM notices WHERE mail_state = 'waiting'").await, 1);
    // A server that takes it gets it, once its pause is over.
    let (server, kept) = mail_server(|_| false).await;
    let taking = mailing_to(&world, &server);
    work_all(&taking).await;
    assert_eq!(kept.lock().expect("kept").len(), 0);
    world.later(1);
    work_all(&taking).await;
    assert_eq!(kept.lock().expect("kept").len(), 1);
    assert_eq!(world.count("SELECT COUNT(*) FROM notices WHERE mail_state = 'sent'").await, 1);
    // One that never does is given up, and stays under the bell.
    let (lan, sam) = (world.back("lan").await, world.back("sam").await);
    let other = world.booked_more("SKLA20261104193210043").await;
    let number = lan.refund(&other, "voluntary").await;
    sam.work(&number, "submission", &[]).await.expect_status(303);
    for _ in 0..12 {
        work_all(&worker).await;
        world.later(200);
    }
    assert_eq!(world.count("SELECT COUNT(*) FROM notices WHERE mail_state = 'failed' AND read_at IS NULL").await, 2);
    // Its reader and who keeps the accounts see that mail does not arrive, until one does.
    let (lan, sam) = (world.back("lan").await, world.back("sam").await);
    lan.get("/account").await.expect("E-mail to you was given up");
    lan.get("/users").await.expect("E-mail given up");
    sam.work(&number, "confirmation", &[("amount", "74.99")]).await.expect_status(303);
    work_all(&taking).await;
    assert!(!lan.get("/account").await.expect_status(200).words().contains("given up"));
    assert!(!lan.get("/users").await.expect_status(200).words().contains("given up"));
}

/// Three things that one person must know.
async fn three_mails_to_one(world: &World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    world.user("wei", Role::OperatorAgent, None, Language::English).await;
    for n in 0..3 {
        let order_no = world.booked(&agency, &format!("SKLA202611041932{n:05}")).await;
        lan.refund(&order_no, "voluntary").await;
    }
}

async fn of_one_person_s_mails_only_the_refused_one_is_tried_again(world: World) {
    let (server, kept) = mail_server(|mail| mail.contains("SKLA20261104193200001")).await;
    let worker = mailing_to(&world, &server);
    three_mails_to_one(&world).await;
    work_all(&worker).await;
    assert_eq!(kept.lock().expect("kept").len(), 2, "those of the first and the third order");
    assert_eq!(world.count("SELECT COUNT(*) FROM notices WHERE mail_state = 'sent'").await, 2);
    assert_eq!(world.count("SELECT COUNT(*) FROM notices WHERE mail_state = 'waiting'").await, 1);
    let (server, kept) = mail_server(|_| false).await;
    let worker = mailing_to(&world, &server);
    world.later(1);
    work_all(&worker).await;
    let kept = kept.lock().expect("kept").clone();
    assert!(kept.len() == 1 && kept[0].contains("SKLA20261104193200001"), "{kept:?}");
    assert_eq!(world.count("SELECT COUNT(*) FROM notices WHERE mail_state <> 'sent'").await, 0);
}

async fn a_server_that_stops_leaves_its_mail_to_the_next(world: World) {
    let app = world.app.clone();
    let (server, kept) = mail_server(move |_| {
        app.end();
        false
    })
    .await;
    let worker = mailing_to(&world, &server);
    three_mails_to_one(&world).await;
    work_all(&worker).await;
    assert_eq!(kept.lock().expect("kept").len(), 1, "the one that was on its way");
    assert_eq!(world.count("SELECT COUNT(*) FROM notices WHERE mail_state = 'sent'").await, 1);
    assert_eq!(world.count("SELECT COUNT(*) FROM notices WHERE mail_state = 'waiting' AND mail_attempts = 0").await, 2);
    let next = App { ending: watch::Sender::default(), ..world.app.clone() };
    work_all(&Worker::new(next).expect("a worker")).await;
    assert_eq!(world.mails().len(), 2);
    assert_eq!(world.count("SELECT COUNT(*) FROM notices WHERE mail_state <> 'sent'").await, 0);
}

/// After a quarter of an hour another server may have taken what this one took: it must not be sent by both.
async fn what_was_taken_long_ago_is_taken_anew(world: World) {
    let clock = world.clock.clone();
    let (server, kept) = mail_server(move |_| {
        clock.advance(SignedDuration::from_mins(8));
        false
    })
    .await;
    three_mails_to_one(&world).await;
    work_all(&mailing_to(&world, &server)).await;
    assert_eq!(kept.lock().expect("kept").len(), 3);
    assert_eq!(world.count("SELECT COUNT(DISTINCT mail_due_at) FROM notices").await, 3, "each was taken for itself");
    assert_eq!(world.count("SELECT COUNT(*) FROM notices WHERE mail_state = 'sent' AND mail_attempts = 1").await, 3);
}

/// A provider takes so many in a second, and a visitor's server has other things to do.
async fn mail_keeps_its_pace(world: World) {
    three_mails_to_one(&world).await;
    let mut settings = settings(world.base.trim_start_matches("http://"), &world.files);
    settings.limits.mails_per_second = 10;
    let worker = Worker::new(App { settings: Arc::new(settings), ..world.app.clone() }).expect("a worker");
    let began = std::time::Instant::now();
    work_all(&worker).await;
    assert_eq!(world.mails().len(), 3);
    assert!(began.elapsed() >= std::time::Duration::from_millis(300), "{:?}", began.elapsed());
}

async fn a_digest_waits_and_none_is_none(world: World) {
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    let ben = world.person("ben", Role::Operations, Some(&agency)).await;
    let sam = world.person("sam", Role::Supervisor, None).await;
    let wish = |mail: &'static str| [("language", "en"), ("zone_name", "Asia/Shanghai"), ("mail", mail)];
    lan.post("/account/preferences", &wish("daily")).await.expect_status(303);
    ben.post("/account/preferences", &wish("off")).await.expect_status(303);
    sam.post("/account/preferences", &wish("off")).await.expect_status(303);
    lan.post("/account/preferences", &wish("weekly")).await.expect_status(422).expect("Choose one of the list");
    let mut numbers = Vec::new();
    for n in 0..2 {
        let order_no = world.booked(&agency, &format!("SKLA202611041932{n:05}")).await;
        let number = lan.refund(&order_no, "voluntary").await;
        sam.work(&number, "submission", &[]).await.expect_status(303);
        numbers.push(number);
    }
    world.work_all().await;
    assert_eq!(world.mails().len(), 0);
    // Eight in the morning in Shanghai is midnight UTC: fifteen hours from nine.
    world.later(15 * 60 - 1);
    world.work_all().await;
    assert_eq!(world.mails().len(), 0);
    world.later(1);
    world.work_all().await;
    let mails = world.mails();
    assert_eq!(mails.len(), 1, "one mail for both");
    let mail = decoded(&mails[0].replace("\r\n", "\n"));
    assert!(numbers.iter().all(|number| mail.contains(&format!("/refunds/{number}"))), "{mail}");
    assert!(mail.contains("2 things have changed"), "{mail}");
    // Under the bell it stands all the same.
    assert_eq!(ben.get("/notices").await.select(".notices li").len(), 2);
}

async fn two_workers_send_each_mail_once(world: World) {
    let (server, kept) = mail_server(|_| false).await;
    let agency = world.agency("SUNRIVER").await;
    let lan = world.person("lan", Role::Admin, Some(&agency)).await;
    for n in 0..4 {
        world.user(&format!("wei-{n}"), Role::OperatorAgent, None, Language::English).await;
    }
    for n in 0..3 {
        let order_no = world.booked(&agency, &format!("SKLA202611041932{n:05}")).await;
        lan.refund(&order_no, "voluntary").await;
    }
    let workers: Vec<Worker> = (0..4).map(|_| mailing_to(&world, &server)).collect();
    futures_util::future::join_all(workers.iter().map(work_all)).await;
    assert_eq!(kept.lock().expect("kept").len(), 12, "four people, three refunds");
}

async fn the_bell_is_one_s_own(world: World) {
    let (lan, sam, number) = world.registered(ORDER).await;
    sam.work(&number, "submission", &[]).await.expect_status(303);
    let page = lan.get("/notices").await.expect_status(200);
    let open = page.attribute(".notices form", "action").expect("a notice");
    let stranger = world.person("stranger", Role::Admin, Some(&world.agency("SAOMAI").await)).await;
    let ben: &Person = &sam;
    for person in [&stranger, ben] {
        person.post(&open, &[]).await.expect_status(404);
    }
    let refund = world.count("SELECT COUNT(*) FROM notices WHERE read_at IS NULL").await;
    stranger.post("/notices/reading", &[]).await.expect_status(303);
    assert_eq!(world.count("SELECT COUNT(*) FROM notices WHERE read_at IS NULL").await, refund);
    // Back only to an address of our own.
    let away = lan.post("/notices/reading", &[("back", "//evil.example/x")]).await.expect_status(303);
    assert_eq!(away.location, "/notices");
}

async fn the_bell_counts_to_nine(world: World) {
    let (_, sam, number) = world.registered(ORDER).await;
    for (unread, shown, called) in
        [(1, "1", "Notices: one unread"), (9, "9", "Notices: 9 unread"), (10, "9+", "Notices: more than 9 unread")]
    {
        while world
            .count("SELECT COUNT(*) FROM notices n JOIN users u ON u.id = n.user_id WHERE u.name = 'sam' AND n.read_at IS NULL")
            .await
            < unread
        {
            execute(
                &world.url,
                "INSERT INTO notices (id, user_id, case_kind, case_id, case_no, order_no, path, sentences, created_at, mail_state, mail_due_at, mail_attempts) \
                 SELECT n.id || '+', n.user_id, n.case_kind, n.case_id, n.case_no, n.order_no, n.path, n.sentences, n.created_at, 'none', n.mail_due_at, 0 \
                 FROM notices n JOIN users u ON u.id = n.user_id WHERE u.name = 'sam' ORDER BY n.id DESC LIMIT 1",
            )
            .await;
        }
        let page = sam.get(&format!("/refunds/{number}")).await.expect_status(200);
        assert_eq!((page.select(".bell .count"), page.attribute(".bell", "aria-label").as_deref()), (vec![shown.to_owned()], Some(called)));
    }
}
