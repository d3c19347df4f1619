//! The demo's requests with their offers, incidents, claims, compensations and canned replies, made by the real rooms.

use super::{Complaint, said};
use crate::agencies::model::Agency;
use crate::attachments::kind::FileKind;
use crate::attachments::store::{self as attachments, Attachment};
use crate::bookings::filters::Search;
use crate::bookings::list_store;
use crate::bookings::model::{PaymentChannel, Status};
use crate::bookings::store::{self as bookings, Kept};
use crate::compensations::actions as compensations;
use crate::compensations::forms::Proposed;
use crate::compensations::model::Cause;
use crate::config::Settings;
use crate::db::Db;
use crate::incidents::actions::{self as incidents, Confirmation, News};
use crate::incidents::model::{IncidentKind, Leg, Outcome, Told};
use crate::kernel::actor::{Actor, Scope};
use crate::kernel::id::{digest, new_id, new_token};
use crate::kernel::language::Language;
use crate::kernel::money::Money;
use crate::kernel::time::{Timestamp, plus_days, plus_hours, utc_day};
use crate::refunds::claiming::{self, Claim};
use crate::refunds::model::Reason;
use crate::refunds::selection::Selection;
use crate::requests::actions::{self as requests, Order};
use crate::requests::canned;
use crate::requests::details::{Details, Named};
use crate::requests::model::Category;
use crate::requests::offer_model::OfferKind;
use crate::requests::offering::{self, Offering, Proposal};
use crate::requests::opening::{self, Opening};
use crate::requests::state::Verb;
use crate::web::plenty::Plenty;

/// Who plays: an agency with its Admin, and the operator's agent, finance and supervisor.
pub(super) struct Players<'a> {
    pub(super) agency: &'a Agency,
    pub(super) own: &'a Actor,
    pub(super) agent: &'a Actor,
    pub(super) finance: &'a Actor,
}

/// The smallest file that is a PDF: what the demo attaches as proof.
const PDF: &str = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
                   3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 120]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n";

/// Written in each language: what the customer asks, what the team answers, what is offered.
struct Lines {
    ask: [&'static str; 6],
    answer: &'static str,
    offer: [&'static str; 2],
    compensation: &'static str,
    replies: [(&'static str, &'static str); 3],
}

const fn lines(language: Language) -> Lines {
    match language {
        Language::English => Lines {
            ask: [
                "The customer is ill and has a doctor’s letter. What would come back for the outbound only?",
                "Can they fly two days later, same time? They will take any fare up to the amount given.",
                "One letter is missing in the first name. The passport is attached to the booking.",
                "Please add one bag of 20 kg for the first passenger.",
                "We were charged twice for the seat. Please check.",
                "The hotel asks for a confirmation that the flight was cancelled.",
            ],
            answer: "We have asked the airline and come back to you as soon as it answers.",
            offer: [
                "Refund of the unused tickets, as the airline has confirmed it to us.",
                "Two days later, same flight number, fare difference and airline fee included.",
            ],
            compensation: "We answered two days late. With our apologies.",
            replies: [
                (
                    "Asked the airline",
                    "Dear {name},\n\nwe have asked {airline} about {order} ({pnr}) and will write here as soon as they answer.\n\nYour operations team",
                ),
                (
                    "More documents needed",
                    "Dear {name},\n\nfor request {request} the airline asks for a document that proves it. Please attach it here.\n\nYour operations team",
                ),
                (
                    "Fly within 24 hours",
                    "Dear {name},\n\n{order} leaves in less than 24 hours. The airline’s own site is the fastest way now: please use Manage My Booking with PNR {pnr}.\n\nYour operations team",
                ),
            ],
        },
        Language::Chinese => Lines {
            ask: [
                "客人生病，有医生证明。只退去程的话能退多少？",
                "客人想改到两天后同一时间，票差在所填金额以内都可以接受。",
                "名字少了一个字母，护照信息以订单为准。",
                "请给第一位乘客加一件 20 公斤行李。",
                "座位费好像被扣了两次，请核实。",
                "酒店需要一份航班取消证明。",
            ],
            answer: "我们已联系航司，收到答复后会第一时间在这里告知。",
            offer: ["未使用客票的退款，金额以航司确认为准。", "改至两天后同一航班，已含票差和航司手续费。"],
            compensation: "我们的答复晚了两天，特此致歉。",
            replies: [
                ("已联系航司", "{name} 您好：\n\n订单 {order}（{pnr}）的问题我们已提交 {airline}，收到答复后会立即在此回复。\n\n运营团队"),
                ("需要补充材料", "{name} 您好：\n\n请求 {request} 航司要求提供证明文件，请在此上传。\n\n运营团队"),
                (
                    "24 小时内起飞",
                    "{name} 您好：\n\n订单 {order} 将在 24 小时内起飞，请直接在航司官网“管理我的预订”用 PNR {pnr} 办理，这样最快。\n\n运营团队",
                ),
            ],
        },
        Language::Vietnamese => Lines {
            ask: [
                "Khách bị ốm, có giấy của bác sĩ. Nếu chỉ hoàn chiều đi thì được lại bao nhiêu?",
                "Khách muốn bay muộn hơn hai ngày, cùng giờ. Chấp nhận mọi mức giá trong số tiền đã ghi.",
                "Tên thiếu một chữ cái, xin sửa theo hộ chiếu.",
                "Xin thêm một kiện hành lý 20 kg cho hành khách đầu tiên.",
                "Tiền ghế hình như bị trừ hai lần, xin kiểm tra.",
                "Khách sạn cần giấy xác nhận chuyến bay đã bị huỷ.",
            ],
            answer: "Chúng tôi đã hỏi hãng và sẽ trả lời tại đây ngay khi có kết quả.",
            offer: [
                "Hoàn các vé chưa sử dụng, theo xác nhận của hãng.",
                "Bay muộn hơn hai ngày, cùng số hiệu chuyến, đã gồm chênh lệch giá và phí của hãng.",
            ],
            compensation: "Chúng tôi trả lời chậm hai ngày. Thành thật xin lỗi.",
            replies: [
                (
                    "Đã hỏi hãng",
                    "Chào {name},\n\nchúng tôi đã hỏi {airline} về đơn {order} ({pnr}) và sẽ viết tại đây ngay khi hãng trả lời.\n\nBộ phận vận hành",
                ),
                (
                    "Cần thêm giấy tờ",
                    "Chào {name},\n\nvới yêu cầu {request}, hãng cần giấy tờ chứng minh. Xin đính kèm tại đây.\n\nBộ phận vận hành",
                ),
                (
                    "Bay trong 24 giờ",
                    "Chào {name},\n\nđơn {order} khởi hành trong vòng 24 giờ. Cách nhanh nhất là dùng mục quản lý đặt chỗ trên trang của hãng với PNR {pnr}.\n\nBộ phận vận hành",
                ),
            ],
        },
    }
}

/// Canned replies in the three languages.
pub(super) async fn replies(db: &Db, by: &str, now: Timestamp) -> Result<(), Complaint> {
    for language in Language::ALL {
        for (name, body) in lines(*language).replies {
            let (language, by) = (*language, by.to_owned());
            db.write(move |conn| Box::pin(async move { canned::save(conn, language, name, body, &by, now).await })).await.map_err(said)?;
        }
    }
    Ok(())
}

/// Orders of this agency, paid by deposit, that have no refund and have not departed.
pub(super) async fn free(db: &Db, own: &Actor, now: Timestamp) -> Result<Vec<Kept>, Complaint> {
    let search =
        Search { status: Some(Status::Ticketed), channel: Some(PaymentChannel::Deposit), has_refund: Some(false), ..Search::default() };
    let mut conn = db.read().await.map_err(said)?;
    let lines = list_store::list(&mut conn, &own.scope(), &search, 60, &Plenty::default(), now).await.map_err(said)?;
    let mut all = Vec::new();
    for line in lines {
        let found = bookings::find(&mut conn, &own.scope(), &line.order_no).await.map_err(said)?;
        all.extend(found.filter(|kept| kept.booking.segments.iter().all(|segment| segment.departure_at > plus_days(now, 3))));
    }
    Ok(all)
}

/// Plays an agency's cases.
pub(super) async fn play(db: &Db, settings: &Settings, players: &Players<'_>, now: Timestamp) -> Result<(), Complaint> {
    let orders = free(db, players.own, now).await?;
    let mut orders = orders.iter();
    let mut next = || orders.next().ok_or_else(|| "the demo has too few orders".to_owned());
    change(db, next()?, now).await?;
    let cancelled = next()?;
    cancel(db, cancelled, players.agent, now).await?;
    claim(db, settings, players.own, next()?, now).await?;
    let words = lines(players.own.language);
    let limits = &settings.limits;
    let categories = [
        Category::CancelAndRefund,
        Category::VoluntaryChange,
        Category::NameCorrection,
        Category::BaggageAncillary,
        Category::FeedbackDispute,
        Category::InvoluntaryChange,
    ];
    for (place, category) in categories.into_iter().enumerate() {
        let kept = if category == Category::InvoluntaryChange { cancelled } else { next()? };
        let hours_ago = [2, 6, 1, 30, 200, 5][place];
        let began = plus_hours(now, -hours_ago);
        let number = open(db, settings, players.own, kept, category, words.ask[place], began).await?;
        let act = |verb: Verb, text: Option<&'static str>, at: Timestamp| {
            let (db, number, actor) = (db.clone(), number.clone(), players.agent.clone());
            async move { work(&db, &actor, &number, verb, text, limits, at).await }
        };
        match category {
            Category::CancelAndRefund => {
                let selection = Selection {
                    passengers: kept.booking.passengers.iter().map(|one| one.no).collect(),
                    segments: kept.booking.segments.iter().map(|one| one.no).collect(),
                    reason: Reason::Voluntary,
                };
                let zero = Money::zero(kept.booking.currency);
                let part = Money::new(kept.booking.total.minor / 20, kept.booking.currency);
                let overrides = [
                    (crate::requests::offer_model::OfferLine::FarePenalty, part),
                    (crate::requests::offer_model::OfferLine::AncillaryPenalty, zero),
                ];
                let why = "Waiver WX-9921".to_owned();
                let overrides = overrides.into_iter().map(|(line, amount)| (line, amount, why.clone())).collect();
                let seen = seen(db, settings, kept, &selection, plus_hours(now, -1)).await?;
                let proposal = Proposal::Refund { selection, overrides, seen };
                offer(db, players.agent, &number, proposal, words.offer[0], limits, plus_hours(now, -1)).await?;
            }
            Category::VoluntaryChange => {
                let amount = Money::new(kept.booking.total.minor / 8, kept.booking.currency);
                let proposal = Proposal::Price { kind: OfferKind::Change, amount };
                offer(db, players.agent, &number, proposal, words.offer[1], limits, plus_hours(now, -3)).await?;
            }
            Category::BaggageAncillary => {
                act(Verb::Assign { to: Some(players.agent.user_id.clone()) }, None, plus_hours(now, -29)).await?;
                act(Verb::Answer { processed: false }, Some(words.answer), plus_hours(now, -28)).await?;
            }
            Category::FeedbackDispute => act(Verb::Answer { processed: true }, Some(words.answer), plus_hours(now, -190)).await?,
            Category::InvoluntaryChange => act(Verb::Answer { processed: true }, Some(words.answer), plus_hours(now, -4)).await?,
            _ => {}
        }
    }
    compensate(db, settings, players, words.compensation, now).await
}

/// What the form of an offer would say that the calculation says.
async fn seen(db: &Db, settings: &Settings, kept: &Kept, selection: &Selection, at: Timestamp) -> Result<Vec<String>, Complaint> {
    let mut conn = db.read().await.map_err(said)?;
    let quote = crate::refunds::quoting::reckon(&mut conn, kept, selection.clone(), "", &settings.limits, at).await;
    let quote = quote.map_err(|error| format!("a demo quote was refused: {error:?}"))?;
    Ok(offering::computed(&quote).map(|(_, amount)| amount.map(|amount| amount.decimal().to_string()).unwrap_or_default()).to_vec())
}

async fn open(
    db: &Db,
    settings: &Settings,
    own: &Actor,
    kept: &Kept,
    category: Category,
    text: &str,
    at: Timestamp,
) -> Result<String, Complaint> {
    let booking = &kept.booking;
    let first = &booking.passengers[0];
    let mut details = Details { passengers: vec![Named { no: first.no, name: first.name.clone() }], ..Details::default() };
    match category {
        Category::CancelAndRefund => details.reason = Some(Reason::Voluntary),
        Category::VoluntaryChange => {
            let flight = &booking.segments[0];
            details.itinerary = Some(format!("{} {} → {}", flight.flight_number, flight.departure_airport, flight.arrival_airport));
            details.at_most = Some(Money::new(booking.total.minor / 4, booking.currency));
        }
        Category::NameCorrection => details.name_to = Some(format!("{}A", first.name)),
        Category::BaggageAncillary => {
            details.product = Some(crate::bookings::model::ProductType::CheckedBaggage);
            details.segment = Some((1, booking.segments[0].flight_number.clone()));
        }
        _ => {}
    }
    let opening = Opening {
        actor: own.clone(),
        order_no: booking.order_no.clone(),
        category,
        details,
        description: text.to_owned(),
        files: Vec::new(),
        once_key: new_token(),
    };
    opening::open(db, opening, &settings.limits, at).await.map_err(|error| format!("a demo request was refused: {error:?}"))
}

async fn work(
    db: &Db,
    actor: &Actor,
    number: &str,
    verb: Verb,
    text: Option<&str>,
    limits: &crate::config::Limits,
    at: Timestamp,
) -> Result<(), Complaint> {
    let order = Order {
        actor: actor.clone(),
        number: number.to_owned(),
        seen_version: version(db, number).await?,
        once_key: new_token(),
        verb,
        message: text.map(|text| (text.to_owned(), Vec::new())),
    };
    requests::perform(db, order, limits, at).await.map(|_| ()).map_err(|error| format!("a demo request broke off: {error:?}"))
}

async fn version(db: &Db, number: &str) -> Result<i64, Complaint> {
    let mut conn = db.read().await.map_err(said)?;
    let found = crate::requests::store::find(&mut conn, &Scope::Operator, number).await.map_err(said)?;
    Ok(found.map_or(0, |request| request.version))
}

async fn offer(
    db: &Db,
    actor: &Actor,
    number: &str,
    proposal: Proposal,
    what: &str,
    limits: &crate::config::Limits,
    at: Timestamp,
) -> Result<(), Complaint> {
    let offering = Offering {
        actor: actor.clone(),
        number: number.to_owned(),
        seen_version: version(db, number).await?,
        once_key: new_token(),
        proposal,
        what: what.to_owned(),
        valid_until: plus_hours(at, 48),
    };
    offering::offer(db, offering, limits, at).await.map_err(|error| format!("a demo offer was refused: {error:?}"))
}

/// A departure three hours and twenty minutes later, not confirmed yet.
async fn change(db: &Db, kept: &Kept, now: Timestamp) -> Result<(), Complaint> {
    let previous: Vec<Leg> = kept.booking.segments.iter().map(Leg::from).collect();
    let mut revised = previous.clone();
    let later = jiff::Span::new().minutes(200);
    if let Some(leg) = revised.first_mut() {
        leg.departure_local = leg.departure_local.checked_add(later).map_err(said)?;
        leg.arrival_local = leg.arrival_local.checked_add(later).map_err(said)?;
    }
    let told = Told { original: previous.clone(), previous, revised, ..Told::default() };
    note(db, kept, IncidentKind::OrderScheduleChange, told, plus_hours(now, -7)).await.map(|_| ())
}

/// A cancellation that the operator's agent has confirmed.
pub(super) async fn cancel(db: &Db, kept: &Kept, agent: &Actor, now: Timestamp) -> Result<(), Complaint> {
    let previous: Vec<Leg> = kept.booking.segments.iter().map(Leg::from).collect();
    let told = Told { original: previous.clone(), previous, is_cancellation: true, ..Told::default() };
    let number = note(db, kept, IncidentKind::OrderScheduleChange, told, plus_hours(now, -9)).await?;
    let confirmation = Confirmation {
        actor: agent.clone(),
        number,
        seen_version: 1,
        outcome: Outcome::FlightCanceled,
        carrier_cause: Some(true),
        note: None,
    };
    let done = incidents::confirm(db, confirmation, plus_hours(now, -8)).await;
    done.map(|_| ()).map_err(|error| format!("a demo incident was refused: {error:?}"))
}

async fn note(db: &Db, kept: &Kept, kind: IncidentKind, told: Told, at: Timestamp) -> Result<String, Complaint> {
    let kept = kept.clone();
    let news = News { notification_id: None, kind, told };
    let noted =
        db.write(move |conn| Box::pin(async move { incidents::note(conn, &kept, news, &crate::journal::Author::program(), at).await }));
    let noted: Result<_, sqlx::Error> = noted.await;
    noted.map_err(said)?.map(|incident| incident.number).ok_or_else(|| "a demo incident was there already".to_owned())
}

/// A claim of everybody on the order, with a proof.
async fn claim(db: &Db, settings: &Settings, own: &Actor, kept: &Kept, now: Timestamp) -> Result<(), Complaint> {
    let at = plus_days(now, -1);
    let proof = proof(db, settings, own, at).await?;
    let booking = &kept.booking;
    let claim = Claim {
        actor: own.clone(),
        order_no: booking.order_no.clone(),
        passengers: booking.passengers.iter().map(|one| one.no).collect(),
        segments: booking.segments.iter().map(|one| one.no).collect(),
        reason: Reason::Involuntary,
        fulfilled_on: utc_day(at),
        expected: Some(booking.total),
        proof: vec![proof],
        once_key: new_token(),
        request_id: None,
    };
    claiming::claim(db, claim, &settings.limits, at).await.map(|_| ()).map_err(|error| format!("a demo claim was refused: {error:?}"))
}

pub(super) async fn proof(db: &Db, settings: &Settings, own: &Actor, at: Timestamp) -> Result<String, Complaint> {
    let stored_as = new_token();
    let path = attachments::path(&settings.files, &stored_as);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(said)?;
    }
    std::fs::write(&path, PDF).map_err(said)?;
    let draft = Attachment {
        id: new_id(),
        agency_id: own.agency_id.clone(),
        message_id: None,
        internal: false,
        name: "airline-confirmation.pdf".to_owned(),
        kind: FileKind::Pdf,
        bytes: i64::try_from(PDF.len()).unwrap_or(0),
        digest: digest(PDF),
        stored_as,
        created_by: own.user_id.clone(),
        created_at: at,
    };
    let id = draft.id.clone();
    let kept: Result<(), sqlx::Error> =
        db.write(move |conn| Box::pin(async move { attachments::insert_drafts(conn, &[draft]).await })).await;
    kept.map_err(said)?;
    Ok(id)
}

/// One that is credited, and one that waits for a second person.
async fn compensate(db: &Db, settings: &Settings, players: &Players<'_>, note: &str, now: Timestamp) -> Result<(), Complaint> {
    for (minor, cause) in [(2_500, Cause::LateHandling), (90_000, Cause::Dispute)] {
        let amount = Money::new(minor, players.agency.currency);
        let proposed = Proposed { order_no: None, amount, cause, note: note.to_owned() };
        let (actor, agency) = (players.finance.clone(), players.agency.clone());
        let done = compensations::propose(db, actor, agency, proposed, new_token(), &settings.limits, plus_hours(now, -20)).await;
        done.map_err(|error| format!("a demo compensation was refused: {error:?}"))?;
    }
    Ok(())
}
