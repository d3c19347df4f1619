//! Who visits. A handler that takes a [`Visit`] cannot be reached without the permission in its type.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_session::SessionExt;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use askama::Template;

use super::error::Error;
use super::filters::Reader;
use super::frame::{Frame, Place};
use super::sheet::Sheet;
use super::words::Message;
use super::{Answer, AppData, csrf};
use crate::kernel::actor::{Actor, Permission, Scope};
use crate::kernel::language::Language;

/// A permission as a type.
pub trait Needs: 'static {
    const PERMISSION: Permission;
}

macro_rules! needs {
    ($($name:ident),+) => {$(
        #[doc = concat!("Only for roles with the permission `", stringify!($name), "`.")]
        #[derive(Debug)]
        pub struct $name;
        impl Needs for $name { const PERMISSION: Permission = Permission::$name; }
    )+};
}

needs!(
    SeeBookings,
    RequestRefunds,
    SeeRefunds,
    SeeRequests,
    RaiseRequests,
    WriteRequests,
    ConfirmIncidents,
    SeeMoney,
    TopUp,
    ManageUsers,
    WorkDesk,
    TalkToAirline,
    PostMoney,
    ManageAgencies,
    ManageRules
);

/// The path of the request with its query, without what only the notice needs.
fn path_of(request: &HttpRequest) -> String {
    request.uri().path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string)
}

/// The language of a request: the user's, then the cookie of the switch, then what the browser asks for.
#[must_use]
pub fn language_of(request: &HttpRequest) -> Language {
    let actor = request.get_session().get::<Actor>("actor").ok().flatten();
    let cookie = request.cookie("afterfare-language").and_then(|cookie| cookie.value().parse().ok());
    let header = request.headers().get("accept-language").and_then(|value| value.to_str().ok()).and_then(Language::accepted);
    actor.map(|actor| actor.language).or(cookie).or(header).unwrap_or(Language::English)
}

/// A signed-in person who has the permission `P`.
pub struct Visit<P> {
    pub app: AppData,
    pub actor: Actor,
    pub csrf: String,
    pub path: String,
    /// Notices that this person has not read.
    pub unread: i64,
    permission: PhantomData<P>,
}

impl<P: Needs> FromRequest for Visit<P> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(visit(request))
    }
}

fn visit<P: Needs>(request: &HttpRequest) -> Result<Visit<P>, Error> {
    let app = request.app_data::<AppData>().cloned().ok_or_else(|| Error::Internal("no app".to_owned()))?;
    // PostgreSQL holds no NUL: an address with one names nothing.
    if request.uri().to_string().contains("%00") {
        return Err(Error::NotFound);
    }
    let session = request.get_session();
    let path = path_of(request);
    let actor = session.get::<Actor>("actor").ok().flatten();
    let csrf = session.get::<String>("csrf").ok().flatten();
    let (Some(actor), Some(csrf)) = (actor, csrf) else {
        let back = if request.method().is_safe() { path } else { "/".to_owned() };
        return Err(Error::SignInNeeded(back));
    };
    if !actor.role.may(P::PERMISSION) {
        return Err(Error::Forbidden);
    }
    let unread = session.get::<i64>("unread").ok().flatten().unwrap_or(0);
    Ok(Visit { app, actor, csrf, path, unread, permission: PhantomData })
}

impl<P> Visit<P> {
    /// Whose rows this visit may see.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.actor.scope()
    }

    /// Whether the visitor's role may also do something else, to show or leave out a button.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.actor.role.may(permission)
    }

    /// A file of rows for this visitor.
    #[must_use]
    pub fn sheet(&self, name: String, columns: Vec<String>) -> Sheet {
        Sheet { name, columns, most: self.app.settings.limits.export_rows, language: self.actor.language }
    }

    /// The frame of a page.
    #[must_use]
    pub fn frame(&self, title: impl Into<Message>, place: Place) -> Frame {
        let actor = self.actor.clone();
        let frame = Frame::new(title.into(), place, actor.language, Some(actor), self.csrf.clone(), self.path.clone());
        Frame { unread: self.unread, ..frame }
    }

    /// The page, in the visitor's language.
    ///
    /// # Errors
    /// When the template cannot be filled in.
    pub fn page(&self, template: &impl Template) -> Answer {
        self.page_with(StatusCode::OK, template)
    }

    /// The page with another status, such as 422 for a form that comes back.
    ///
    /// # Errors
    /// As [`Visit::page`].
    pub fn page_with(&self, status: StatusCode, template: &impl Template) -> Answer {
        render(status, template, &self.reader())
    }

    /// Who reads.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader {
            language: self.actor.language,
            zone_name: self.actor.zone_name.clone(),
            operator_name: self.app.settings.operator_name.clone(),
        }
    }
}

/// Anybody, signed in or not.
pub struct Guest {
    pub app: AppData,
    pub language: Language,
    pub path: String,
    /// The address that throttling counts by.
    pub address: String,
    pub browser: String,
    token: String,
    is_new: bool,
}

impl FromRequest for Guest {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(guest(request))
    }
}

fn guest(request: &HttpRequest) -> Result<Guest, Error> {
    let app = request.app_data::<AppData>().cloned().ok_or_else(|| Error::Internal("no app".to_owned()))?;
    let cookie = request.cookie(csrf::GUEST_COOKIE).map(|cookie| cookie.value().to_owned());
    let browser = request.headers().get("user-agent").and_then(|value| value.to_str().ok()).unwrap_or_default();
    Ok(Guest {
        language: language_of(request),
        path: path_of(request),
        address: address_of(request, app.settings.behind_proxy),
        browser: browser.chars().take(200).collect(),
        is_new: cookie.is_none(),
        token: cookie.unwrap_or_else(crate::kernel::id::new_token),
        app,
    })
}

fn address_of(request: &HttpRequest, behind_proxy: bool) -> String {
    let peer = request.peer_addr().map(|address| address.ip().to_string()).unwrap_or_default();
    if !behind_proxy {
        return peer;
    }
    // The last hop is the one that our own proxy wrote; what stands before it, anybody can claim.
    let forwarded = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok()).last();
    forwarded.and_then(|list| list.rsplit(',').next()).map_or(peer, |hop| hop.trim().to_owned())
}

impl Guest {
    /// The frame of a page for somebody who is not signed in.
    #[must_use]
    pub fn frame(&self, title: impl Into<Message>) -> Frame {
        let token = csrf::guest_token(&self.app.secret, &self.token);
        Frame::new(title.into(), Place::Nowhere, self.language, None, token, self.path.clone())
    }

    /// The page; it also hands out the guest cookie that its forms are bound to.
    ///
    /// # Errors
    /// When the template cannot be filled in.
    pub fn page(&self, status: StatusCode, template: &impl Template) -> Answer {
        let reader =
            Reader { language: self.language, zone_name: "UTC".to_owned(), operator_name: self.app.settings.operator_name.clone() };
        let mut response = render(status, template, &reader)?;
        if self.is_new {
            let cookie = actix_web::cookie::Cookie::build(csrf::GUEST_COOKIE, &self.token)
                .path("/")
                .http_only(true)
                .secure(self.app.settings.is_https())
                .same_site(actix_web::cookie::SameSite::Lax)
                .finish();
            response.add_cookie(&cookie).map_err(|error| Error::Internal(error.to_string()))?;
        }
        Ok(response)
    }
}

fn render(status: StatusCode, template: &impl Template, reader: &Reader) -> Answer {
    let mut html = String::with_capacity(32 * 1024);
    template.render_into_with_values(&mut html, reader)?;
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(html))
}
