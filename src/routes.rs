//! Every URL, grouped by room, with the permission it needs. The table of contents of the portal.

use std::collections::BTreeMap;

use actix_web::web::{self, ServiceConfig};
use actix_web::{Scope, guard};

use crate::agencies::{account_pages, agency_pages, sign_in_pages, user_pages};
use crate::attachments::pages as attachments;
use crate::batches::{pages as batches, search_pages as search_batch, show_pages as batch};
use crate::bookings::{detail_pages, list_pages};
use crate::bsp::{batch_pages as bsp_batches, form_pages as bsp_form, line_pages as bsp_line, lists as bsp_lists};
use crate::bsp::{office_pages as bsp_offices, report_pages as bsp_reports};
use crate::compensations::pages as compensations;
use crate::finance::{pages as finance_pages, transaction_pages as transactions};
use crate::home::{pages as home_pages, search_pages};
use crate::incidents::{list_pages as incident_pages, tab_pages as incident_tab};
use crate::kernel::actor::Permission;
use crate::notices::pages as notices;
use crate::queue::{pages as desk, request_pages as desk_requests};
use crate::refunds::{case_pages, claim_pages, desk_pages, slide_out_pages, void_pages};
use crate::remittances::{
    draft_pages as remittance_draft, line_pages as remittance_line, open_pages as open_money, overdue_pages as overdue_airlines,
    pages as remittances,
};
use crate::reports::pages as reports;
use crate::requests::{action_pages, canned_pages, list_pages as request_lists, offer_pages, open_pages, show_pages};
use crate::statements::pages as statements;
use crate::system::pages as system;
use crate::tools::{calculator_pages, no_go_pages, rule_set_pages};
use crate::top_ups::pages as top_ups;
use crate::web::assets;

/// One URL, for the tests that walk all of them.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    pub method: &'static str,
    pub path: &'static str,
    /// Nothing: anybody, signed in or not.
    pub needs: Option<Permission>,
}

/// The first segment of a path, and what stands below it.
fn segments(path: &str) -> (&str, &str) {
    path.split_at(path.char_indices().skip(1).find_map(|(at, mark)| (mark == '/').then_some(at)).unwrap_or(path.len()))
}

macro_rules! routes {
    ($($method:ident $path:literal $($permission:ident)? => $handler:path;)+) => {
        /// Every route of the portal.
        pub const ALL: &[Route] = &[$(Route {
            method: stringify!($method),
            path: $path,
            needs: routes!(@needs $($permission)?),
        }),+];

        /// Hangs every route into an app: those below one first segment together, since a request is compared with one
        /// pattern after the other, before its handler is known and again when it is measured.
        pub fn configure(config: &mut ServiceConfig) {
            let mut below_first: BTreeMap<&str, Scope> = BTreeMap::new();
            $(
                let route = routes!(@guarded $method).to($handler);
                match segments($path) {
                    (first, "") => {
                        config.route(first, route);
                    }
                    (first, rest) => {
                        let scope = below_first.remove(first).unwrap_or_else(|| web::scope(first));
                        below_first.insert(first, scope.route(rest, route));
                    }
                }
            )+
            for scope in below_first.into_values() {
                config.service(scope);
            }
        }
    };
    // Balancers ask with HEAD; it is GET without a body.
    (@guarded get) => { web::route().guard(guard::Any(guard::Get()).or(guard::Head())) };
    (@guarded post) => { web::post() };
    (@needs) => { None };
    (@needs $permission:ident) => { Some(Permission::$permission) };
}

routes! {
    // The machine
    get "/healthz" => crate::app::healthz;
    get "/readyz" => crate::app::readyz;
    get "/static/{hash}/{file}" => assets::serve;

    // Home
    get "/" SeeBookings => home_pages::home;
    get "/search" SeeBookings => search_pages::search;

    // Agencies
    get "/sign-in" => sign_in_pages::form;
    post "/sign-in" => sign_in_pages::sign_in;
    post "/sign-out" SeeBookings => sign_in_pages::sign_out;
    get "/set-password/{token}" => sign_in_pages::password_form;
    post "/set-password/{token}" => sign_in_pages::set_password;
    post "/language" => sign_in_pages::set_language;
    get "/account" SeeBookings => account_pages::show;
    post "/account/preferences" SeeBookings => account_pages::set_preferences;
    post "/account/sessions/end" SeeBookings => account_pages::end_all_sessions;
    post "/account/sessions/{id}/end" SeeBookings => account_pages::end_session;
    get "/users" ManageUsers => user_pages::list;
    post "/users" ManageUsers => user_pages::add;
    post "/users/{id}/disabling" ManageUsers => user_pages::disable;
    post "/users/{id}/enabling" ManageUsers => user_pages::enable;
    post "/users/{id}/links" ManageUsers => user_pages::renew_link;
    get "/agencies" ManageAgencies => agency_pages::list;
    post "/agencies" ManageAgencies => agency_pages::add;
    get "/agencies/{code}" ManageAgencies => agency_pages::show;
    post "/agencies/{code}/users" ManageAgencies => agency_pages::add_user;
    post "/agencies/{code}/users/{id}/disabling" ManageAgencies => agency_pages::disable_user;
    post "/agencies/{code}/users/{id}/enabling" ManageAgencies => agency_pages::enable_user;
    post "/agencies/{code}/users/{id}/links" ManageAgencies => agency_pages::renew_user_link;
    get "/system" ManageAgencies => system::show;

    // Bookings
    get "/bookings" SeeBookings => list_pages::list;
    get "/bookings.csv" SeeBookings => list_pages::csv;
    get "/bookings.xlsx" SeeBookings => list_pages::xlsx;
    get "/bookings/batch-search" SeeRefunds => search_batch::form;
    post "/bookings/batch-search" SeeRefunds => search_batch::search;
    get "/bookings/batch-search/template.xlsx" SeeRefunds => search_batch::template_xlsx;
    get "/bookings/batch-search/template.csv" SeeRefunds => search_batch::template_csv;
    get "/bookings/{order}" SeeBookings => detail_pages::info;
    get "/bookings/{order}/fees" SeeBookings => detail_pages::fees;
    get "/bookings/{order}/ancillaries" SeeBookings => detail_pages::ancillaries;
    get "/bookings/{order}/emails" SeeBookings => detail_pages::emails;
    get "/bookings/{order}/e-ticket" SeeBookings => detail_pages::e_ticket;

    // Incidents
    get "/incidents" SeeRequests => incident_pages::list;
    get "/incidents.csv" SeeRequests => incident_pages::csv;
    get "/incidents.xlsx" SeeRequests => incident_pages::xlsx;
    get "/bookings/{order}/incidents" SeeRequests => incident_tab::tab;
    post "/bookings/{order}/incidents" TalkToAirline => incident_tab::enter;
    post "/bookings/{order}/incidents/{number}/confirmation" ConfirmIncidents => incident_tab::confirm;

    // Refunds
    get "/bookings/{order}/refunds" SeeRefunds => case_pages::tab;
    get "/bookings/{order}/refund" RequestRefunds => slide_out_pages::choose;
    post "/bookings/{order}/quotes" RequestRefunds => slide_out_pages::quote;
    get "/bookings/{order}/quotes/{id}" RequestRefunds => slide_out_pages::show_quote;
    post "/bookings/{order}/refunds" RequestRefunds => slide_out_pages::submit;
    get "/bookings/{order}/claim" RequestRefunds => claim_pages::form;
    post "/bookings/{order}/claims" RequestRefunds => claim_pages::claim;
    get "/bookings/{order}/void" RequestRefunds => void_pages::show;
    post "/bookings/{order}/void" RequestRefunds => void_pages::void;
    get "/refunds/{number}" SeeRefunds => case_pages::show;
    post "/refunds/{number}/withdrawal" RequestRefunds => desk_pages::withdraw;
    post "/refunds/{number}/assignment" WorkDesk => desk_pages::take;
    post "/refunds/{number}/handover" WorkDesk => desk_pages::hand_over;
    post "/refunds/{number}/submission" TalkToAirline => desk_pages::submit;
    post "/refunds/{number}/confirmation" TalkToAirline => desk_pages::confirm;
    post "/refunds/{number}/refusal" TalkToAirline => desk_pages::refuse;
    post "/refunds/{number}/fulfilment" TalkToAirline => desk_pages::fulfil;
    post "/refunds/{number}/receipt" PostMoney => desk_pages::receive;
    post "/refunds/{number}/credit" PostMoney => desk_pages::credit;

    // Requests
    get "/requests" SeeRequests => request_lists::list;
    get "/requests.csv" SeeRequests => request_lists::csv;
    get "/requests.xlsx" SeeRequests => request_lists::xlsx;
    get "/requests/new" RaiseRequests => open_pages::new;
    get "/bookings/{order}/requests" SeeRequests => request_lists::tab;
    get "/bookings/{order}/request" RaiseRequests => open_pages::form;
    post "/bookings/{order}/requests" RaiseRequests => open_pages::open;
    get "/requests/{number}" SeeRequests => show_pages::show;
    post "/requests/{number}/messages" WriteRequests => action_pages::write;
    post "/requests/{number}/assignment" WorkDesk => action_pages::take;
    post "/requests/{number}/handover" WorkDesk => action_pages::hand_over;
    post "/requests/{number}/presence" WorkDesk => action_pages::presence;
    post "/requests/{number}/merging" TalkToAirline => action_pages::merge;
    get "/requests/{number}/offers/new" TalkToAirline => offer_pages::form;
    post "/requests/{number}/offers" TalkToAirline => offer_pages::make;
    post "/requests/{number}/offers/{offer}/acceptance" RequestRefunds => offer_pages::accept;
    post "/requests/{number}/offers/{offer}/refusal" RequestRefunds => offer_pages::decline;
    post "/requests/{number}/offers/{offer}/withdrawal" TalkToAirline => offer_pages::withdraw;
    post "/requests/{number}/offers/{offer}/failure" TalkToAirline => offer_pages::fail;
    post "/requests/{number}/offers/{offer}/fulfilment" TalkToAirline => offer_pages::fulfil;
    get "/attachments/{attachment}" SeeRequests => attachments::download;

    // Notices
    get "/notices" SeeBookings => notices::list;
    post "/notices/reading" SeeBookings => notices::read;
    post "/notices/{notice}/opening" SeeBookings => notices::open;

    // Finance
    get "/finance/refunds" SeeRefunds => finance_pages::refunds;
    get "/finance/refunds.csv" SeeRefunds => finance_pages::refunds_csv;
    get "/finance/refunds.xlsx" SeeRefunds => finance_pages::refunds_xlsx;
    get "/finance/claims" SeeRefunds => finance_pages::claims;
    get "/finance/claims.csv" SeeRefunds => finance_pages::claims_csv;
    get "/finance/claims.xlsx" SeeRefunds => finance_pages::claims_xlsx;
    get "/finance/claims/template.xlsx" SeeRefunds => batches::claims_template_xlsx;
    get "/finance/claims/template.csv" SeeRefunds => batches::claims_template_csv;
    get "/finance/claims/batches" SeeRefunds => batches::list;
    get "/finance/claims/batches.csv" SeeRefunds => batches::list_csv;
    get "/finance/claims/batches.xlsx" SeeRefunds => batches::list_xlsx;
    post "/finance/claims/batches" RequestRefunds => batches::begin;
    get "/finance/claims/batches/new" RequestRefunds => batches::new;
    get "/batches/{number}" SeeRefunds => batch::show;
    get "/batches/{number}/rows.csv" SeeRefunds => batch::rows_csv;
    get "/batches/{number}/rows.xlsx" SeeRefunds => batch::rows_xlsx;
    post "/batches/{number}/confirmation" RequestRefunds => batch::confirm;
    post "/batches/{number}/discarding" RequestRefunds => batch::discard;
    get "/finance/compensations" SeeRefunds => compensations::list;
    get "/finance/compensations.csv" SeeRefunds => compensations::csv;
    get "/finance/compensations.xlsx" SeeRefunds => compensations::xlsx;
    post "/finance/compensations" PostMoney => compensations::propose;
    post "/finance/compensations/{compensation}/approval" PostMoney => compensations::approve;
    post "/finance/compensations/{compensation}/refusal" PostMoney => compensations::refuse;
    get "/finance/remittances.csv" PostMoney => remittances::files_csv;
    get "/finance/remittances.xlsx" PostMoney => remittances::files_xlsx;
    get "/finance/remittances" PostMoney => remittances::list;
    post "/finance/remittances" PostMoney => remittance_draft::upload;
    get "/finance/remittances/new" PostMoney => remittance_draft::new;
    get "/finance/remittances/drafts/{draft}" PostMoney => remittance_draft::draft;
    post "/finance/remittances/drafts/{draft}" PostMoney => remittance_draft::import;
    get "/finance/remittances/{number}" PostMoney => remittances::show;
    post "/finance/remittances/{number}/posting" PostMoney => remittances::post_exact;
    post "/finance/remittances/{number}/comparing" PostMoney => remittances::compare;
    get "/finance/remittances/{number}/lines.csv" PostMoney => remittances::csv;
    get "/finance/remittances/{number}/lines.xlsx" PostMoney => remittances::xlsx;
    get "/finance/remittances/{number}/lines/{line}" PostMoney => remittance_line::show;
    post "/finance/remittances/{number}/lines/{line}/matches" PostMoney => remittance_line::match_line;
    post "/finance/remittances/{number}/lines/{line}/undoing" PostMoney => remittance_line::undo;
    post "/finance/remittances/{number}/lines/{line}/rejection" PostMoney => remittance_line::reject;
    post "/finance/remittances/{number}/lines/{line}/reopening" PostMoney => remittance_line::reopen;
    post "/finance/remittances/{number}/lines/{line}/owner" PostMoney => remittance_line::hand_over;
    get "/finance/unmatched" PostMoney => open_money::open;
    get "/finance/unmatched.csv" PostMoney => open_money::open_csv;
    get "/finance/unmatched.xlsx" PostMoney => open_money::open_xlsx;
    get "/finance/overdue" PostMoney => overdue_airlines::overdue;
    get "/finance/overdue.csv" PostMoney => overdue_airlines::overdue_csv;
    get "/finance/overdue.xlsx" PostMoney => overdue_airlines::overdue_xlsx;
    get "/finance/transactions" SeeMoney => transactions::show;
    get "/finance/transactions.csv" SeeMoney => transactions::csv;
    get "/finance/transactions.xlsx" SeeMoney => transactions::xlsx;
    post "/finance/alerts" TopUp => top_ups::set_alert;
    get "/finance/reports" SeeMoney => reports::list;
    get "/finance/reports/{report}.csv" SeeMoney => reports::csv;
    get "/finance/reports/{report}.xlsx" SeeMoney => reports::xlsx;
    get "/finance/top-ups" SeeMoney => top_ups::list;
    get "/finance/top-ups.csv" SeeMoney => top_ups::csv;
    get "/finance/top-ups.xlsx" SeeMoney => top_ups::xlsx;
    post "/finance/top-ups" TopUp => top_ups::declare;
    post "/finance/top-ups/{top_up}/confirmation" PostMoney => top_ups::confirm;
    post "/finance/top-ups/{top_up}/refusal" PostMoney => top_ups::refuse;
    get "/finance/statements.csv" SeeMoney => statements::list_csv;
    get "/finance/statements.xlsx" SeeMoney => statements::list_xlsx;
    get "/finance/statements" SeeMoney => statements::list;
    post "/finance/statements/settings" TopUp => statements::save_settings;
    get "/finance/statements/{number}" SeeMoney => statements::show;
    get "/finance/statements/{number}/file.csv" SeeMoney => statements::csv;
    get "/finance/statements/{number}/file.xlsx" SeeMoney => statements::xlsx;

    // Tools
    get "/calculator" SeeBookings => calculator_pages::open;
    post "/calculator" SeeBookings => calculator_pages::calculate;
    get "/rule-sets" SeeBookings => rule_set_pages::list;
    post "/rule-sets" ManageRules => rule_set_pages::load;
    get "/rule-sets/{name}/{version}" SeeBookings => rule_set_pages::show;
    post "/rule-sets/{name}/{version}/activation" ManageRules => rule_set_pages::activate;
    get "/no-go" SeeBookings => no_go_pages::show;
    post "/no-go/preview" TalkToAirline => no_go_pages::preview;
    post "/no-go" TalkToAirline => no_go_pages::load;

    // The operations desk
    get "/desk" WorkDesk => desk::desk;
    get "/desk.csv" WorkDesk => desk::csv;
    get "/desk.xlsx" WorkDesk => desk::xlsx;
    get "/desk/requests" WorkDesk => desk_requests::desk;
    get "/desk/requests.csv" WorkDesk => desk_requests::csv;
    get "/desk/requests.xlsx" WorkDesk => desk_requests::xlsx;
    post "/desk/requests/assignment" WorkDesk => desk_requests::assign;
    post "/desk/requests/replies" TalkToAirline => desk_requests::reply;
    get "/desk/replies" TalkToAirline => canned_pages::list;
    post "/desk/replies" TalkToAirline => canned_pages::save;
    post "/desk/replies/{reply}/removal" TalkToAirline => canned_pages::remove;

    // BSP
    get "/bsp" RequestRefunds => bsp_line::show;
    post "/bsp" RequestRefunds => bsp_line::execute;
    get "/bsp/forms" SeeRefunds => bsp_lists::list;
    get "/bsp/forms.csv" SeeRefunds => bsp_lists::csv;
    get "/bsp/forms.xlsx" SeeRefunds => bsp_lists::xlsx;
    get "/bsp/forms/{form}" SeeRefunds => bsp_form::show;
    get "/bsp/forms/{form}/print" SeeRefunds => bsp_form::printed;
    post "/bsp/forms/{form}/transmission" RequestRefunds => bsp_form::transmit;
    post "/bsp/forms/{form}/release" ManageUsers => bsp_form::release;
    post "/bsp/forms/{form}/deletion" RequestRefunds => bsp_form::delete;
    post "/bsp/forms/{form}/printing" RequestRefunds => bsp_form::print;
    post "/bsp/forms/{form}/answers/{said}" TalkToAirline => bsp_form::answer;
    get "/bsp/reports" SeeRefunds => bsp_reports::show;
    get "/bsp/reports.csv" SeeRefunds => bsp_reports::csv;
    get "/bsp/reports.xlsx" SeeRefunds => bsp_reports::xlsx;
    get "/bsp/batches" SeeRefunds => bsp_batches::list;
    get "/bsp/batches.csv" SeeRefunds => bsp_batches::list_csv;
    get "/bsp/batches.xlsx" SeeRefunds => bsp_batches::list_xlsx;
    post "/bsp/batches" RequestRefunds => bsp_batches::begin;
    get "/bsp/batches/{bsp_batch}" SeeRefunds => bsp_batches::show;
    get "/bsp/batches/{bsp_batch}/evaluation.csv" SeeRefunds => bsp_batches::csv;
    get "/bsp/batches/{bsp_batch}/evaluation.xlsx" SeeRefunds => bsp_batches::xlsx;
    get "/bsp/offices" SeeRefunds => bsp_offices::show;
    post "/bsp/offices/{office}/agents" ManageUsers => bsp_offices::seat;
    post "/bsp/offices/{office}/four-eyes" ManageUsers => bsp_offices::set_four_eyes;
    get "/desk/bsp" WorkDesk => bsp_lists::desk;
    get "/desk/bsp.csv" WorkDesk => bsp_lists::desk_csv;
    get "/desk/bsp.xlsx" WorkDesk => bsp_lists::desk_xlsx;
}
