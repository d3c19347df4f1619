//! Every URL, grouped by room, with the permission it needs. The table of contents of the portal.

use actix_web::guard;
use actix_web::web::{self, ServiceConfig};

use crate::agencies::{account_pages, agency_pages, sign_in_pages, user_pages};
use crate::attachments::pages as attachments;
use crate::bookings::{detail_pages, list_pages};
use crate::compensations::pages as compensations;
use crate::finance::pages as finance_pages;
use crate::home::{pages as home_pages, search_pages};
use crate::incidents::{list_pages as incident_pages, tab_pages as incident_tab};
use crate::kernel::actor::Permission;
use crate::notices::pages as notices;
use crate::queue::{pages as desk, request_pages as desk_requests};
use crate::refunds::{case_pages, claim_pages, desk_pages, slide_out_pages, void_pages};
use crate::requests::{action_pages, canned_pages, list_pages as request_lists, offer_pages, open_pages, show_pages};
use crate::tools::{calculator_pages, no_go_pages, rule_set_pages};
use crate::web::assets;

/// One URL, for the tests that walk all of them.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    pub method: &'static str,
    pub path: &'static str,
    /// Nothing: anybody, signed in or not.
    pub needs: Option<Permission>,
}

macro_rules! routes {
    ($($method:ident $path:literal $($permission:ident)? => $handler:path;)+) => {
        /// Every route of the portal.
        pub const ALL: &[Route] = &[$(Route {
            method: stringify!($method),
            path: $path,
            needs: routes!(@needs $($permission)?),
        }),+];

        /// Hangs every route into an app.
        pub fn configure(config: &mut ServiceConfig) {
            $(config.route($path, routes!(@guarded $method).to($handler));)+
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

    // Bookings
    get "/bookings" SeeBookings => list_pages::list;
    get "/bookings/{order}" SeeBookings => detail_pages::info;
    get "/bookings/{order}/fees" SeeBookings => detail_pages::fees;
    get "/bookings/{order}/ancillaries" SeeBookings => detail_pages::ancillaries;
    get "/bookings/{order}/emails" SeeBookings => detail_pages::emails;
    get "/bookings/{order}/e-ticket" SeeBookings => detail_pages::e_ticket;

    // Incidents
    get "/incidents" SeeRequests => incident_pages::list;
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
    get "/finance/compensations" SeeRefunds => compensations::list;
    post "/finance/compensations" PostMoney => compensations::propose;
    post "/finance/compensations/{compensation}/approval" PostMoney => compensations::approve;
    post "/finance/compensations/{compensation}/refusal" PostMoney => compensations::refuse;
    get "/finance/transactions" SeeMoney => finance_pages::transactions;

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
    get "/desk/requests" WorkDesk => desk_requests::desk;
    post "/desk/requests/assignment" WorkDesk => desk_requests::assign;
    post "/desk/requests/replies" TalkToAirline => desk_requests::reply;
    get "/desk/replies" TalkToAirline => canned_pages::list;
    post "/desk/replies" TalkToAirline => canned_pages::save;
    post "/desk/replies/{reply}/removal" TalkToAirline => canned_pages::remove;
}
