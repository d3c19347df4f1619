//! Every URL, grouped by room, with the permission it needs. The table of contents of the portal.

use actix_web::guard;
use actix_web::web::{self, ServiceConfig};

use crate::agencies::{account_pages, agency_pages, sign_in_pages, user_pages};
use crate::bookings::{detail_pages, list_pages};
use crate::finance::pages as finance_pages;
use crate::home::{pages as home_pages, search_pages};
use crate::kernel::actor::Permission;
use crate::queue::pages as desk;
use crate::refunds::{case_pages, desk_pages, slide_out_pages};
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
    get "/bookings/{order}/requests" SeeBookings => detail_pages::requests;
    get "/bookings/{order}/incidents" SeeBookings => detail_pages::incidents;
    get "/bookings/{order}/e-ticket" SeeBookings => detail_pages::e_ticket;

    // Refunds
    get "/bookings/{order}/refunds" SeeRefunds => case_pages::tab;
    get "/bookings/{order}/refund" RequestRefunds => slide_out_pages::choose;
    post "/bookings/{order}/quotes" RequestRefunds => slide_out_pages::quote;
    get "/bookings/{order}/quotes/{id}" RequestRefunds => slide_out_pages::show_quote;
    post "/bookings/{order}/refunds" RequestRefunds => slide_out_pages::submit;
    get "/refunds/{number}" SeeRefunds => case_pages::show;
    post "/refunds/{number}/assignment" WorkDesk => desk_pages::take;
    post "/refunds/{number}/handover" WorkDesk => desk_pages::hand_over;
    post "/refunds/{number}/submission" TalkToAirline => desk_pages::submit;
    post "/refunds/{number}/confirmation" TalkToAirline => desk_pages::confirm;
    post "/refunds/{number}/refusal" TalkToAirline => desk_pages::refuse;
    post "/refunds/{number}/fulfilment" TalkToAirline => desk_pages::fulfil;
    post "/refunds/{number}/receipt" PostMoney => desk_pages::receive;
    post "/refunds/{number}/credit" PostMoney => desk_pages::credit;

    // Finance
    get "/finance/refunds" SeeRefunds => finance_pages::refunds;
    get "/finance/refunds.csv" SeeRefunds => finance_pages::refunds_csv;
    get "/finance/refunds.xlsx" SeeRefunds => finance_pages::refunds_xlsx;
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
}
