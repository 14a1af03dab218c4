//! Routes for those who decide what others may do: accounts and their roles.

use axum::Json;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tiketi_core::AccountId;
use tiketi_core::account::Email;
use tiketi_core::limits::MAX_REASON_CHARS;
use tiketi_core::store::AccountQuery;
use tiketi_core::text::check_line;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::session::ShopAccounts;
use crate::auth::wire::User;
use crate::credentials::{role_from, role_name};
use crate::dto::key_page_size;
use crate::error::{ApiError, Code, ErrorBody};
use crate::extract::{ApiJson, ApiPath, ApiQuery, Staff, may};
use crate::reason::Reason;
use crate::state::AppState;

const UNKNOWN_ROLE: Reason = Reason::fixed("is no role", "역할이 아닙니다.");

/// Collects the routes of accounts for staff; they need a shop with accounts.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(change_role))
}

/// Which accounts to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct AccountListQuery {
    /// How the address starts, in any letter case.
    search: Option<String>,
    /// Only accounts with this role: `user`, `read_only`, `box_office`, `finance` or `admin`.
    role: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Most accounts of the page, from 1 to 100; 20 by default.
    #[param(example = 20, minimum = 1, maximum = 100)]
    limit: Option<i64>,
}

/// A page of accounts.
#[derive(Serialize, ToSchema)]
struct AccountList {
    data: Vec<User>,
    /// Send it as `after` to read on; null at the end.
    next: Option<String>,
}

/// Another role.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeRole {
    /// `user`, `read_only`, `box_office`, `finance` or `admin`.
    #[schema(example = "box_office")]
    role: String,
    /// Why, for the log of what staff did.
    #[schema(max_length = 200)]
    reason: Option<String>,
}

/// An account.
#[derive(Serialize, ToSchema)]
struct AccountAnswer {
    account: User,
}

/// List accounts, by address
#[utoipa::path(
    get, path = "/api/admin/accounts", tag = "admin", params(AccountListQuery), security(("bearer" = ["people"])),
    responses(
        (status = 200, description = "A page of accounts, by address", body = AccountList),
        (status = 400, description = "`INVALID_QUERY`", body = ErrorBody),
    ),
)]
async fn list(
    ShopAccounts(accounts): ShopAccounts,
    _: Staff<may::People>,
    ApiQuery(query): ApiQuery<AccountListQuery>,
) -> Result<Json<AccountList>, ApiError> {
    let mut query = query.query()?;
    let limit = query.limit as usize;
    // One more than the page has shows whether there is a next one.
    query.limit += 1;
    let found = accounts.store.accounts(query).await?;
    let more = found.len() > limit;
    let data: Vec<User> = found.iter().take(limit).map(User::from).collect();
    let next = data.last().filter(|_| more).map(|last| last.email.clone());
    Ok(Json(AccountList { data, next }))
}

/// Change what an account may do
///
/// It counts at once on the server that makes the change, and within a second on every other one, also for tokens that
/// exist. The last administrator stays one.
#[utoipa::path(
    patch, path = "/api/admin/accounts/{id}", tag = "admin", request_body = ChangeRole,
    security(("bearer" = ["people"])),
    params(("id" = String, Path, description = "Which account", format = Uuid)),
    responses(
        (status = 200, description = "The account as it is now", body = AccountAnswer),
        (status = 404, description = "`ACCOUNT_NOT_FOUND`", body = ErrorBody),
        (status = 409, description = "`LAST_ADMIN`, `ROLE_CHANGED`", body = ErrorBody),
        (status = 422, description = "`INVALID_BODY`", body = ErrorBody),
    ),
)]
async fn change_role(
    ShopAccounts(accounts): ShopAccounts,
    staff: Staff<may::People>,
    ApiPath(id): ApiPath<AccountId>,
    ApiJson(body): ApiJson<ChangeRole>,
) -> Result<Json<AccountAnswer>, ApiError> {
    let role = role_from(&body.role).ok_or_else(|| ApiError::invalid("role", UNKNOWN_ROLE))?;
    check_line("reason", body.reason.as_deref().unwrap_or_default(), 0..=MAX_REASON_CHARS)?;
    let known = accounts.store.account(id).await?.ok_or_else(|| ApiError::new(Code::AccountNotFound))?;
    let log = staff.record();
    log.reason(body.reason.as_deref().unwrap_or_default());
    log.before(&json!({"role": role_name(known.role)}));
    let changed = accounts.change_role(&known, role).await?;
    log.after(&json!({"role": role_name(changed.role)}));
    Ok(Json(AccountAnswer { account: User::from(&changed) }))
}

impl AccountListQuery {
    /// Reads the query.
    fn query(&self) -> Result<AccountQuery, ApiError> {
        let mut query = AccountQuery::first(key_page_size(self.limit)?);
        query = query.starting_with(self.search.as_deref().unwrap_or_default().trim());
        if let Some(role) = &self.role {
            query =
                query.of_role(role_from(role).ok_or_else(|| ApiError::invalid_query("role", UNKNOWN_ROLE))?);
        }
        if let Some(after) = &self.after {
            query =
                query.after(after.parse::<Email>().map_err(|error| ApiError::invalid_query("after", error))?);
        }
        Ok(query)
    }
}
