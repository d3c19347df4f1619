//! What surrounds every page: the menu, the search box, the languages, who is signed in.

use crate::kernel::actor::{Actor, Permission};
use crate::kernel::language::Language;

use super::assets;
use super::words::Message;

/// The place in the menu that a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Home,
    Bookings,
    Incidents,
    Desk,
    DeskRequests,
    Requests,
    NewRequest,
    Replies,
    Notices,
    Refunds,
    Transactions,
    BatchSearch,
    Remittances,
    TopUps,
    Statements,
    Reports,
    Bsp,
    BspForms,
    BspDesk,
    BspReports,
    BspBatches,
    BspOffices,
    Calculator,
    RuleSets,
    NoGo,
    Users,
    Agencies,
    System,
    Account,
    Nowhere,
}

/// A link of the menu.
#[derive(Debug)]
pub struct MenuItem {
    pub place: Place,
    pub href: &'static str,
    pub label: &'static str,
}

/// Links under one heading; the first group has none.
#[derive(Debug)]
pub struct MenuGroup {
    pub heading: Option<&'static str>,
    pub items: Vec<MenuItem>,
}

/// The bell counts unread notices no further, and says "9+" of more: every page asks for them, and of a hundred PostgreSQL
/// would need as long as for all else that it is asked about whoever is there.
pub const BELL_COUNTS: i64 = 9;

/// The frame of one page.
#[derive(Debug)]
pub struct Frame {
    pub title: Message,
    pub place: Place,
    pub language: Language,
    pub languages: &'static [Language],
    pub menu: Vec<MenuGroup>,
    pub actor: Option<Actor>,
    pub csrf: String,
    /// This page's own path and query, to come back to after switching the language.
    pub path: String,
    pub search: String,
    pub notice: Option<Message>,
    /// Unread notices, for the bell: counted to one more than [`BELL_COUNTS`].
    pub unread: i64,
    pub styles: String,
    pub script: String,
    pub icon: String,
}

impl Frame {
    /// Whether the reader belongs to the operator's team.
    #[must_use]
    pub fn is_operator(&self) -> bool {
        self.actor.as_ref().is_some_and(|actor| actor.role.is_operator())
    }

    /// Whether more notices are unread than the bell counts.
    #[must_use]
    pub fn has_many_unread(&self) -> bool {
        self.unread > BELL_COUNTS
    }

    /// What the bell is called: its figure in words.
    #[must_use]
    pub fn bell(&self) -> Message {
        match self.unread {
            0 => Message::new("notices-title"),
            unread if unread > BELL_COUNTS => Message::new("bell-unread-many").count("count", BELL_COUNTS),
            unread => Message::new("bell-unread").count("count", unread),
        }
    }

    /// The frame for a visitor.
    #[must_use]
    pub fn new(title: Message, place: Place, language: Language, actor: Option<Actor>, csrf: String, path: String) -> Self {
        Self {
            title,
            place,
            language,
            languages: Language::ALL,
            menu: actor.as_ref().map(menu).unwrap_or_default(),
            actor,
            csrf,
            notice: notice_of(&path),
            unread: 0,
            path,
            search: String::new(),
            styles: assets::address("app.css"),
            script: assets::address("app.js"),
            icon: assets::address("icon.svg"),
        }
    }
}

/// What may stand in `?done=…` after a redirect, and only that.
const NOTICES: &[&str] = &[
    "language-saved",
    "preferences-saved",
    "password-set",
    "signed-out",
    "session-ended",
    "user-added",
    "user-disabled",
    "user-enabled",
    "agency-added",
    "refund-submitted",
    "refund-taken",
    "refund-handed-over",
    "refund-sent",
    "refund-confirmed",
    "refund-refused",
    "refund-received",
    "refund-credited",
    "refund-fulfilled",
    "quote-renewed",
    "claim-submitted",
    "claim-withdrawn",
    "void-submitted",
    "incident-entered",
    "incident-confirmed",
    "request-opened",
    "request-taken",
    "request-handed-over",
    "request-merged",
    "message-sent",
    "offer-made",
    "offer-accepted",
    "offer-declined",
    "offer-withdrawn",
    "offer-failed",
    "offer-fulfilled",
    "reply-saved",
    "reply-removed",
    "batch-discarded",
    "top-up-declared",
    "top-up-confirmed",
    "top-up-refused",
    "alert-saved",
    "statement-settings-saved",
    "remittance-there",
    "remittance-imported",
    "remittance-compared",
    "line-matched",
    "line-undone",
    "line-rejected",
    "line-reopened",
    "line-handed-over",
    "compensation-proposed",
    "compensation-credited",
    "compensation-refused",
    "bsp-previewed",
    "bsp-transmitted",
    "bsp-released",
    "bsp-deleted",
    "bsp-answered",
    "bsp-seated",
    "bsp-office-saved",
    "rule-set-loaded",
    "rule-set-activated",
    "no-go-loaded",
];

fn notice_of(path: &str) -> Option<Message> {
    let query = path.split_once('?')?.1;
    let done = query.split('&').find_map(|pair| pair.strip_prefix("done="))?;
    NOTICES.contains(&done).then(|| Message::new(format!("done-{done}")))
}

fn menu(actor: &Actor) -> Vec<MenuGroup> {
    let item = |place, href, label, permission| actor.role.may(permission).then_some(MenuItem { place, href, label });
    let group = |heading, items: Vec<Option<MenuItem>>| MenuGroup { heading, items: items.into_iter().flatten().collect() };
    [
        group(
            None,
            vec![
                item(Place::Home, "/", "menu-home", Permission::SeeBookings),
                item(Place::Desk, "/desk", "menu-desk", Permission::WorkDesk),
            ],
        ),
        group(
            Some("menu-bookings"),
            vec![
                item(Place::Bookings, "/bookings", "menu-my-bookings", Permission::SeeBookings),
                item(Place::Incidents, "/incidents", "menu-incidents", Permission::SeeRequests),
                item(Place::BatchSearch, "/bookings/batch-search", "menu-batch-search", Permission::SeeRefunds),
            ],
        ),
        group(
            Some("menu-requests"),
            vec![
                item(Place::DeskRequests, "/desk/requests", "menu-desk-requests", Permission::WorkDesk),
                item(
                    Place::Requests,
                    "/requests",
                    if actor.role.is_operator() { "menu-all-requests" } else { "menu-my-requests" },
                    Permission::SeeRequests,
                ),
                item(Place::NewRequest, "/requests/new", "menu-new-request", Permission::RaiseRequests),
                item(Place::Replies, "/desk/replies", "menu-replies", Permission::TalkToAirline),
            ],
        ),
        group(
            Some("menu-finance"),
            vec![
                item(Place::Refunds, "/finance/refunds", "menu-refunds", Permission::SeeRefunds),
                item(Place::Remittances, "/finance/remittances", "menu-remittances", Permission::PostMoney),
                item(Place::TopUps, "/finance/top-ups", "menu-top-ups", Permission::SeeMoney),
                item(Place::Transactions, "/finance/transactions", "menu-transactions", Permission::SeeMoney),
                item(Place::Statements, "/finance/statements", "menu-statements", Permission::SeeMoney),
                item(Place::Reports, "/finance/reports", "menu-reports", Permission::SeeMoney),
            ],
        ),
        group(
            Some("menu-bsp"),
            vec![
                item(Place::Bsp, "/bsp", "menu-bsp-line", Permission::RequestRefunds),
                item(Place::BspForms, "/bsp/forms", "menu-bsp-forms", Permission::SeeRefunds),
                item(Place::BspDesk, "/desk/bsp", "menu-bsp-desk", Permission::WorkDesk),
                item(Place::BspReports, "/bsp/reports", "menu-bsp-reports", Permission::SeeRefunds),
                item(Place::BspBatches, "/bsp/batches", "menu-bsp-batches", Permission::SeeRefunds),
                item(Place::BspOffices, "/bsp/offices", "menu-bsp-offices", Permission::SeeRefunds),
            ],
        ),
        group(
            Some("menu-tools"),
            vec![
                item(Place::Calculator, "/calculator", "menu-calculator", Permission::SeeBookings),
                item(Place::RuleSets, "/rule-sets", "menu-rule-sets", Permission::SeeBookings),
                item(Place::NoGo, "/no-go", "menu-no-go", Permission::SeeBookings),
            ],
        ),
        group(
            Some("menu-profile"),
            vec![
                item(Place::Users, "/users", "menu-users", Permission::ManageUsers),
                item(Place::Agencies, "/agencies", "menu-agencies", Permission::ManageAgencies),
                item(Place::System, "/system", "menu-system", Permission::ManageAgencies),
                item(Place::Account, "/account", "menu-account", Permission::SeeBookings),
            ],
        ),
    ]
    .into_iter()
    .filter(|group| !group.items.is_empty())
    .collect()
}
