//! Members of staff, with the permission that a route demands.

use std::fmt::Debug;
use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tiketi_core::BuyerId;
use tiketi_core::account::{Permission, Role};

use crate::error::{ApiError, Code};
use crate::extract::CurrentUser;
use crate::staff_log::ActionRecord;
use crate::state::AppState;

/// Extracts the signed-in user, who must have the permission that `D` demands.
///
/// The OpenAPI description of a route names the same permission, in its `security`; a test compares them.
/// The extractor of a write saves an entry in the log first, and the handler does not run if that fails. So no handler for
/// staff writes without a record.
#[derive(Debug, Clone)]
pub(crate) struct Staff<D> {
    user: CurrentUser,
    record: ActionRecord,
    demand: PhantomData<D>,
}

/// Extracts staff with the permission that `D` demands, for a request that has a body and changes nothing.
///
/// It is not recorded: the log of what staff do has what they changed. A handler that writes takes [`Staff`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct StaffAsking<D>(PhantomData<D>);

/// A permission as a type, for [`Staff`].
pub(crate) trait Demand: Debug + Send + Sync + 'static {
    /// The permission.
    const PERMISSION: Permission;
}

/// The permissions that routes demand.
pub(crate) mod may {
    use tiketi_core::account::Permission;

    macro_rules! demands {
        ($($name:ident,)*) => {$(
            #[doc = concat!("Demands [`Permission::", stringify!($name), "`].")]
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub(crate) struct $name;

            impl super::Demand for $name {
                const PERMISSION: Permission = Permission::$name;
            }
        )*};
    }

    demands! { Read, Sell, Money, Catalogue, WaitingRooms, People, Log, }
}

impl<D> Staff<D> {
    /// Returns the user's id.
    pub(crate) fn id(&self) -> BuyerId {
        self.user.buyer()
    }

    /// Refuses staff who have not this permission, too.
    ///
    /// # Errors
    ///
    /// `FORBIDDEN`.
    pub(crate) fn demand_also(&self, permission: Permission) -> Result<(), ApiError> {
        if self.user.role().may(permission) { Ok(()) } else { Err(lacking(permission)) }
    }

    /// Returns the record of this request, where a handler notes what it changes; a read is not recorded.
    pub(crate) fn record(&self) -> &ActionRecord {
        &self.record
    }
}

impl<D: Demand> FromRequestParts<AppState> for Staff<D> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let user = permitted::<D>(parts, state).await?;
        let record = if parts.method.is_safe() {
            ActionRecord::default()
        } else {
            ActionRecord::begin(parts, state, user.user()).await?
        };
        Ok(Self { user, record, demand: PhantomData })
    }
}

impl<D: Demand> FromRequestParts<AppState> for StaffAsking<D> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        permitted::<D>(parts, state).await?;
        Ok(Self(PhantomData))
    }
}

/// Returns the user of a request, who has the permission that `D` demands.
async fn permitted<D: Demand>(parts: &mut Parts, state: &AppState) -> Result<CurrentUser, ApiError> {
    let user = CurrentUser::from_request_parts(parts, state).await?;
    match user.role() {
        role if role.may(D::PERMISSION) => Ok(user),
        Role::Buyer => Err(ApiError::new(Code::Forbidden)),
        // Staff can ask an administrator for it.
        _ => Err(lacking(D::PERMISSION)),
    }
}

fn lacking(permission: Permission) -> ApiError {
    ApiError::new(Code::Forbidden).detail("permission", permission.word())
}
