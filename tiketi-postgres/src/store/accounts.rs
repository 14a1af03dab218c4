//! Accounts and their sessions.

use std::sync::LazyLock;

use async_trait::async_trait;
use tiketi_core::{
    AccountId, CommandError, StoreError, Timestamp,
    account::{Account, Email, Role, Session, SignedIn},
    id::SessionId,
    store::{AccountQuery, AccountStore, ChangeRoleRefused, CreateAccountRefused, UpdateAccountRefused},
    text::can_be_kept,
};
use tiketi_sql::{AccountRow, Part, SessionRow, columns, signed_in, stored};

use crate::sql::row::{each, maybe};
use crate::sql::statement::RowStatement;
use crate::store::PostgresStore;

static INSERT: LazyLock<RowStatement> =
    LazyLock::new(|| RowStatement::insert::<AccountRow<'_>>("ON CONFLICT DO NOTHING"));
const BY_ID: &str = concat!("SELECT ", columns!(account), " FROM tiketi.accounts WHERE id = $1");
const BY_IDS: &str = concat!("SELECT ", columns!(account), " FROM tiketi.accounts WHERE id = ANY ($1)");
const BY_EMAIL: &str = concat!("SELECT ", columns!(account), " FROM tiketi.accounts WHERE email = $1");

static UPDATE: LazyLock<RowStatement> = LazyLock::new(|| {
    // The version before is bound after the columns.
    RowStatement::update::<AccountRow<'_>>(&[Part::Changing], "AND version = $9")
});
/// Deletes sessions only if the account is replaced.
static UPDATE_AND_END: LazyLock<RowStatement> = LazyLock::new(|| {
    RowStatement::update::<AccountRow<'_>>(&[Part::Changing], "AND version = $9 RETURNING id").within(
        "WITH replaced AS (",
        "), ended AS (DELETE FROM tiketi.sessions WHERE account IN (SELECT id FROM replaced)) \
            SELECT id FROM replaced",
    )
});
/// Locks administrators in the order of their ids until it has one that stays. So of two calls that would leave none, the
/// second waits for the first, and finds its account no administrator any more.
const CHANGE_ROLE: &str = concat!(
    "WITH admins AS MATERIALIZED (\
        SELECT id FROM tiketi.accounts WHERE role = 'admin' AND role <> 'buyer' ORDER BY id FOR UPDATE) \
    UPDATE tiketi.accounts SET role = $3, version = version + 1 WHERE id = $1 AND role = $2 \
    AND ($2 <> 'admin' OR $3 = 'admin' OR EXISTS (SELECT 1 FROM admins WHERE admins.id <> $1)) RETURNING ",
    columns!(account)
);
/// The condition on the role is that of the index of staff accounts.
const STAFF: &str = concat!(
    "SELECT ",
    columns!(account),
    " FROM tiketi.accounts WHERE email >= $1 AND email < $2 AND email <> $3 AND role = $4 AND role <> 'buyer' \
    ORDER BY email LIMIT $5"
);
const LISTED: &str = concat!(
    "SELECT ",
    columns!(account),
    " FROM tiketi.accounts WHERE email >= $1 AND email < $2 AND email <> $3 AND ($4::text IS NULL OR role = $4) \
    ORDER BY email LIMIT $5"
);
static START: LazyLock<RowStatement> = LazyLock::new(|| RowStatement::insert::<SessionRow>(""));
const SESSION: &str = concat!(
    "SELECT ",
    columns!(session),
    ", ",
    columns!(account),
    " FROM tiketi.sessions JOIN tiketi.accounts ON id = account WHERE session = $1"
);
const RENEW: &str = "UPDATE tiketi.sessions SET generation = $2, refreshed_at = $3, ends_at = $4 \
    WHERE session = $1 AND generation = $2 - 1";
const END: &str = "DELETE FROM tiketi.sessions WHERE session = $1";
const END_ALL: &str = "DELETE FROM tiketi.sessions WHERE account = $1 AND session IS DISTINCT FROM $2::uuid";
const FORGET: &str = "DELETE FROM tiketi.sessions WHERE session IN \
    (SELECT session FROM tiketi.sessions WHERE ends_at <= $1 ORDER BY ends_at LIMIT $2)";

#[async_trait]
impl AccountStore for PostgresStore {
    async fn create_account(&self, account: Account) -> Result<(), CommandError<CreateAccountRefused>> {
        account.check_texts()?;
        let row = AccountRow::of(&account);
        let insert = || INSERT.bind(self.query(INSERT.sql()), &row);
        if self.write(insert).await? == 1 {
            return Ok(());
        }
        let is_taken = self.account(account.id).await?.is_some();
        let refused = if is_taken { CreateAccountRefused::IdTaken } else { CreateAccountRefused::EmailTaken };
        Err(CommandError::Refused(refused))
    }

    async fn update_account(&self, account: Account) -> Result<(), CommandError<UpdateAccountRefused>> {
        account.check_texts()?;
        let row = AccountRow::of(&account);
        let before = stored(account.version.saturating_sub(1));
        let changed = self.write(|| UPDATE.bind(self.query(UPDATE.sql()), &row).bind(before)).await?;
        if changed == 1 { Ok(()) } else { Err(self.not_replaced(account.id).await) }
    }

    async fn update_account_and_end_sessions(
        &self,
        account: Account,
    ) -> Result<(), CommandError<UpdateAccountRefused>> {
        account.check_texts()?;
        let row = AccountRow::of(&account);
        let before = stored(account.version.saturating_sub(1));
        let replace = || UPDATE_AND_END.bind(self.query(UPDATE_AND_END.sql()), &row).bind(before);
        let replaced = self.write_returning(replace).await?;
        if replaced.is_empty() { Err(self.not_replaced(account.id).await) } else { Ok(()) }
    }

    async fn change_role(
        &self,
        id: AccountId,
        from: Role,
        to: Role,
    ) -> Result<Account, CommandError<ChangeRoleRefused>> {
        let change = || self.query(CHANGE_ROLE).bind(id.as_uuid()).bind(from.word()).bind(to.word());
        let changed = self.write_returning(change).await?;
        let changed = each(&changed, |row| AccountRow::read(row)?.account())?;
        if let Some(account) = changed.into_iter().next() {
            return Ok(account);
        }
        let known = self.account(id).await?.map(|known| known.role);
        Err(CommandError::Refused(ChangeRoleRefused::of(known, from, to)))
    }

    async fn accounts(&self, query: AccountQuery) -> Result<Vec<Account>, StoreError> {
        let (from, end) = query.bounds();
        if !can_be_kept(from) {
            return Ok(Vec::new());
        }
        let after = query.after.as_ref().map_or("", Email::as_str);
        let sql = if query.role.is_none_or(|role| role == Role::Buyer) { LISTED } else { STAFF };
        let listed = self.query(sql).bind(from).bind(end).bind(after);
        let listed = listed.bind(query.role.map(Role::word)).bind(i64::from(query.limit));
        let found = self.database().fetch_all(listed).await?;
        each(&found, |row| AccountRow::read(row)?.account())
    }

    async fn accounts_by_id(&self, ids: Vec<AccountId>) -> Result<Vec<Account>, StoreError> {
        let ids: Vec<_> = ids.into_iter().map(AccountId::as_uuid).collect();
        let found = self.database().fetch_all(self.query(BY_IDS).bind(ids)).await?;
        each(&found, |row| AccountRow::read(row)?.account())
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        let row = self.database().fetch_optional(self.query(BY_ID).bind(id.as_uuid())).await?;
        maybe(row, |row| AccountRow::read(row)?.account())
    }

    async fn account_by_email(&self, email: &Email) -> Result<Option<Account>, StoreError> {
        let row = self.database().fetch_optional(self.query(BY_EMAIL).bind(email.as_str())).await?;
        maybe(row, |row| AccountRow::read(row)?.account())
    }

    async fn start_session(&self, session: Session) -> Result<(), StoreError> {
        let row = SessionRow::of(&session);
        self.write(|| START.bind(self.query(START.sql()), &row)).await.map(drop)
    }

    async fn session(&self, id: SessionId) -> Result<Option<SignedIn>, StoreError> {
        let row = self.database().fetch_optional(self.query(SESSION).bind(id.as_uuid())).await?;
        maybe(row, |row| signed_in(row))
    }

    async fn renew_session(&self, session: Session) -> Result<bool, StoreError> {
        let renew = || {
            self.query(RENEW)
                .bind(session.id.as_uuid())
                .bind(i64::from(session.generation))
                .bind(session.refreshed_at.as_micros())
                .bind(session.ends_at.as_micros())
        };
        Ok(self.write(renew).await? == 1)
    }

    async fn end_session(&self, id: SessionId) -> Result<bool, StoreError> {
        Ok(self.write(|| self.query(END).bind(id.as_uuid())).await? == 1)
    }

    async fn end_sessions(&self, account: AccountId, except: Option<SessionId>) -> Result<u64, StoreError> {
        let except = except.map(SessionId::as_uuid);
        self.write(|| self.query(END_ALL).bind(account.as_uuid()).bind(except)).await
    }

    async fn forget_sessions(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.write(|| self.query(FORGET).bind(now.as_micros()).bind(i64::from(limit))).await
    }
}

impl PostgresStore {
    /// Returns why an account was not replaced.
    async fn not_replaced(&self, id: AccountId) -> CommandError<UpdateAccountRefused> {
        match self.account(id).await {
            Ok(Some(_)) => CommandError::Refused(UpdateAccountRefused::Changed),
            Ok(None) => CommandError::Refused(UpdateAccountRefused::NotFound),
            Err(error) => error.into(),
        }
    }
}
