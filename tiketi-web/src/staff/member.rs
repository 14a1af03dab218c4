//! Members of staff, with the permission that a page demands.

use std::fmt::Debug;
use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use chrono_tz::Tz;
use serde::Deserialize;
use tiketi_core::Timestamp;
use tiketi_core::account::{Permission, Role};
use tiketi_core::language::Language;

use super::charts::{ValueText, grouped};
use super::local_time;
use crate::failure::Failure;
use crate::form::{Fields, Form};
use crate::page::Page;
use crate::visit::Visit;

/// One request of a member of staff; cheap to clone.
///
/// Templates name it `member`.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) visit: Visit,
    role: Role,
    /// The address with which the member signed in.
    email: String,
}

/// Extracts a member of staff who has the permission that `D` demands.
///
/// It asks the interface for the role, so that another one counts on the next page. Who may write is decided by the
/// interface, too; this decides which pages are shown.
#[derive(Debug)]
pub(crate) struct Staff<D> {
    pub(crate) member: Member,
    demand: PhantomData<D>,
}

/// A permission as a type, for [`Staff`].
pub(crate) trait Demand: Debug + Send + Sync + 'static {
    /// The permission.
    const PERMISSION: Permission;
}

/// The permissions that pages demand.
pub(crate) mod may {
    use tiketi_core::account::Permission;

    macro_rules! demands {
        ($($name:ident)*) => {$(
            #[doc = concat!("Demands [`Permission::", stringify!($name), "`].")]
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub(crate) struct $name;

            impl super::Demand for $name {
                const PERMISSION: Permission = Permission::$name;
            }
        )*};
    }

    demands! { Read Sell Money Catalogue WaitingRooms People Log }
}

#[derive(Deserialize)]
struct Me {
    user: User,
}

#[derive(Deserialize)]
struct User {
    email: String,
    role: String,
}

/// Reads a role as the wire names it.
pub(crate) fn role_named(word: &str) -> Role {
    word.parse().unwrap_or(Role::Buyer)
}

impl<S: Sync, D: Demand> FromRequestParts<S> for Staff<D> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let visit = Visit::from_request_parts(parts, state).await?;
        visit.signed_in()?;
        let Me { user } = visit.api.get("/api/auth/me").await?;
        let role = role_named(&user.role);
        if role.may(D::PERMISSION) {
            return Ok(Self { member: Member { visit, role, email: user.email }, demand: PhantomData });
        }
        let id = if role == Role::Buyer { "staff-forbidden-buyer" } else { "staff-forbidden" };
        let sentence = visit.t(id).with("role", role.word()).to_string();
        Err(Failure { status: StatusCode::FORBIDDEN, sentence, ..Failure::default() })
    }
}

/// A link of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NavLink {
    /// Where it leads.
    pub(crate) path: &'static str,
    /// Its text.
    pub(crate) text: &'static str,
}

/// Every page of the navigation, with the permission that it demands.
const NAVIGATION: [(Permission, NavLink); 10] = [
    (Permission::Read, NavLink { path: "/staff", text: "staff-nav-dashboard" }),
    (Permission::Read, NavLink { path: "/staff/events", text: "staff-nav-events" }),
    (Permission::Read, NavLink { path: "/staff/layouts", text: "staff-nav-layouts" }),
    (Permission::Read, NavLink { path: "/staff/rooms", text: "staff-nav-rooms" }),
    (Permission::Read, NavLink { path: "/staff/reservations", text: "staff-nav-reservations" }),
    (Permission::Read, NavLink { path: "/staff/payments", text: "staff-nav-payments" }),
    (Permission::Read, NavLink { path: "/staff/notices", text: "staff-nav-notices" }),
    (Permission::People, NavLink { path: "/staff/people", text: "staff-nav-people" }),
    (Permission::People, NavLink { path: "/staff/mail", text: "staff-nav-mail" }),
    (Permission::Log, NavLink { path: "/staff/log", text: "staff-nav-log" }),
];

impl Member {
    /// Returns the links that the member's role may follow.
    pub(crate) fn navigation(&self) -> Vec<NavLink> {
        NAVIGATION
            .into_iter()
            .filter(|(permission, _)| self.role.may(*permission))
            .map(|(_, link)| link)
            .collect()
    }

    /// Returns whether a link of the navigation leads to this page, or to the list that it belongs to.
    pub(crate) fn is_in(&self, link: &NavLink) -> bool {
        let at = self.visit.path.split('?').next().unwrap_or_default();
        // The waiting room of an event stands below its event, and belongs to another list.
        let is_room = at.ends_with("/waiting-room");
        match link.path {
            "/staff" => return at == link.path,
            "/staff/rooms" if is_room => return true,
            "/staff/events" if is_room => return false,
            _ => {}
        }
        at.strip_prefix(link.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Returns whether the member may do something, by its word, such as `money`.
    pub(crate) fn may(&self, permission: &str) -> bool {
        Permission::from_word(permission).is_some_and(|permission| self.role.may(permission))
    }

    /// Returns the word of the member's role.
    pub(crate) fn role(&self) -> &'static str {
        self.role.word()
    }

    /// Returns the address with which the member signed in.
    pub(crate) fn email(&self) -> &str {
        &self.email
    }

    /// Starts a page of staff; it says what was just done, if the address names it.
    pub(crate) fn page(&self, title: impl std::fmt::Display, done: &str) -> Page {
        let said = (!done.is_empty()).then(|| self.visit.t("staff-done").with("what", done).to_string());
        self.visit.page(title).styled(&["staff.css", "hall.css"]).saying(said)
    }

    /// Returns the time zone in which times are shown and written.
    pub(crate) fn zone(&self) -> Tz {
        self.visit.shop.settings.zone
    }

    /// Returns the first moment of the day that a filter names, or of a later one, as the wire writes it; nothing if the
    /// filter is empty. What is no day is refused on the form.
    pub(crate) fn day_filter(&self, query: &Fields, form: &mut Form, name: &str, days_later: u64) -> String {
        let Some(text) = query.filled(name) else { return String::new() };
        let at = local_time::day_start(text, self.zone(), days_later);
        if at.is_none() {
            form.refuse(name, self.visit.t("staff-wrong-time"));
        }
        at.unwrap_or_default()
    }

    /// Writes a moment of the wire with day and minute; a text that is none stays as it is.
    pub(crate) fn when(&self, at: &str) -> String {
        at.parse::<Timestamp>().map_or_else(|_| at.to_owned(), |at| local_time::short(at, self.zone()))
    }

    /// Writes money of the wire.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates pass references")]
    pub(crate) fn money(&self, minor: &i64, currency: &str) -> String {
        self.visit.money(*minor, currency)
    }

    /// Writes a number.
    #[expect(clippy::unused_self, reason = "templates call it like the others")]
    pub(crate) fn count(&self, number: impl Count) -> String {
        grouped(number.count())
    }

    /// Says how large numbers are written at the axis of a chart.
    pub(crate) fn at_axis(&self) -> ValueText {
        match self.visit.language {
            Language::English => ValueText::ShortEnglish,
            Language::Korean => ValueText::ShortKorean,
        }
    }
}

/// A number that a page shows.
pub(crate) trait Count {
    /// Returns the number; the largest one if it does not fit.
    fn count(&self) -> i64;
}

macro_rules! counts {
    ($($number:ty)*) => {$(
        impl Count for $number {
            fn count(&self) -> i64 {
                i64::try_from(*self).unwrap_or(i64::MAX)
            }
        }
    )*};
}

counts! { u32 u64 i64 }

impl<C: Count + ?Sized> Count for &C {
    fn count(&self) -> i64 {
        (**self).count()
    }
}

/// Leads from a write to a page, which says what was done.
pub(crate) fn done(path: &str, what: &str) -> Response {
    let join = if path.contains('?') { '&' } else { '?' };
    Redirect::to(&format!("{path}{join}done={what}")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_no_role_may_do_nothing() {
        assert_eq!(role_named("user"), Role::Buyer);
        assert_eq!(role_named("box_office"), Role::BoxOffice);
        assert!(role_named("").permissions().is_empty());
    }
}
