//! Roles, and what each may do: the one table of permissions.

use std::str::FromStr;

/// Role of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "stores and clients write every role")]
pub enum Role {
    /// Buys tickets; not staff.
    Buyer,
    /// Reads what staff see, and changes nothing.
    ReadOnly,
    /// Sells at the box office: reservations of buyers, and blocked seats.
    BoxOffice,
    /// Decides about money: refunds, and payments that need attention.
    Finance,
    /// Runs the shop: may do everything.
    Admin,
}

/// What a member of staff may be permitted to do.
///
/// It has a word for documents and logs ([`Permission::word`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Permission {
    /// Read what staff see: drafts, layouts, reservations, payments, waiting rooms and figures.
    Read,
    /// Change the status of buyers' reservations, and block seats.
    Sell,
    /// Refund money, and decide about payments that need attention.
    Money,
    /// Change events, ticket types, layouts, notices and images.
    Catalogue,
    /// Set policies of waiting rooms, and clear them.
    WaitingRooms,
    /// Read accounts and change their roles.
    People,
    /// Read what staff did.
    Log,
}

/// A word that names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a role")]
#[non_exhaustive]
pub struct ParseRoleError;

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [Self::Buyer, Self::ReadOnly, Self::BoxOffice, Self::Finance, Self::Admin];

    /// Returns what the role may do.
    pub const fn permissions(self) -> &'static [Permission] {
        use Permission::{Catalogue, Log, Money, People, Read, Sell, WaitingRooms};
        match self {
            Self::Buyer => &[],
            Self::ReadOnly => &[Read],
            Self::BoxOffice => &[Read, Sell],
            Self::Finance => &[Read, Money],
            Self::Admin => &[Read, Sell, Money, Catalogue, WaitingRooms, People, Log],
        }
    }

    /// Returns whether the role may do something.
    pub fn may(self, permission: Permission) -> bool {
        self.permissions().contains(&permission)
    }

    /// Returns the role's word: `buyer`, `read_only`, `box_office`, `finance` or `admin`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Buyer => "buyer",
            Self::ReadOnly => "read_only",
            Self::BoxOffice => "box_office",
            Self::Finance => "finance",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Role {
    type Err = ParseRoleError;

    fn from_str(word: &str) -> Result<Self, ParseRoleError> {
        Self::ALL.into_iter().find(|role| role.word() == word).ok_or(ParseRoleError)
    }
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 7] =
        [Self::Read, Self::Sell, Self::Money, Self::Catalogue, Self::WaitingRooms, Self::People, Self::Log];

    /// Returns the roles that have the permission.
    pub fn roles(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| role.may(self))
    }

    /// Returns the permission's word, such as `waiting_rooms`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Sell => "sell",
            Self::Money => "money",
            Self::Catalogue => "catalogue",
            Self::WaitingRooms => "waiting_rooms",
            Self::People => "people",
            Self::Log => "log",
        }
    }

    /// Returns the permission that a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_do_what_the_table_says_and_nothing_else() {
        let table: Vec<_> = Permission::ALL
            .map(|permission| (permission.word(), permission.roles().map(Role::word).collect::<Vec<_>>()))
            .into();
        let expected = [
            ("read", vec!["read_only", "box_office", "finance", "admin"]),
            ("sell", vec!["box_office", "admin"]),
            ("money", vec!["finance", "admin"]),
            ("catalogue", vec!["admin"]),
            ("waiting_rooms", vec!["admin"]),
            ("people", vec!["admin"]),
            ("log", vec!["admin"]),
        ];
        assert_eq!(table, expected);
    }

    #[test]
    fn words_name_one_role_and_one_permission() {
        for role in Role::ALL {
            assert_eq!(role.word().parse(), Ok(role));
        }
        for permission in Permission::ALL {
            assert_eq!(Permission::from_word(permission.word()), Some(permission));
        }
        assert_eq!("root".parse::<Role>(), Err(ParseRoleError));
    }
}
