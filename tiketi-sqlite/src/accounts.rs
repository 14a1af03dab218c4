//! Accounts and their sessions.

use std::sync::LazyLock;

use async_trait::async_trait;
use rusqlite::Connection;
use tiketi_core::{
    AccountId, CommandError, StoreError, Timestamp,
    account::{Account, Email, Role, Session, SignedIn},
    id::SessionId,
    store::{AccountQuery, AccountStore, ChangeRoleRefused, CreateAccountRefused, UpdateAccountRefused},
};
use tiketi_sql::{AccountRow, Part, SessionRow, columns, signed_in};
use uuid::Uuid;

use crate::load::{all, exists, one};
use crate::statement::{Guard, Statement};
use crate::store::SqliteStore;
use crate::write;

static INSERT: LazyLock<Statement> = LazyLock::new(|| Statement::insert::<AccountRow<'_>>(""));
const BY_ID: &str = concat!("SELECT ", columns!(account), " FROM accounts WHERE id = ?1");
const BY_EMAIL: &str = concat!("SELECT ", columns!(account), " FROM accounts WHERE email = ?1");

static UPDATE: LazyLock<Statement> =
    LazyLock::new(|| Statement::update::<AccountRow<'_>>(&[Part::Changing], Guard::PreviousVersion));
/// One writer at a time, so that the other administrator it finds stays one.
const CHANGE_ROLE: &str = concat!(
    "UPDATE accounts SET role = ?3, version = version + 1 WHERE id = ?1 AND role = ?2 \
    AND (?2 <> 'admin' OR ?3 = 'admin' OR EXISTS \
        (SELECT 1 FROM accounts WHERE role = 'admin' AND role <> 'buyer' AND id <> ?1)) RETURNING ",
    columns!(account)
);
/// The condition on the role is that of the index of staff accounts.
const STAFF: &str = concat!(
    "SELECT ",
    columns!(account),
    " FROM accounts WHERE email >= ?1 AND email < ?2 AND email <> ?3 AND role = ?4 AND role <> 'buyer' \
    ORDER BY email LIMIT ?5"
);
const LISTED: &str = concat!(
    "SELECT ",
    columns!(account),
    " FROM accounts WHERE email >= ?1 AND email < ?2 AND email <> ?3 AND (?4 IS NULL OR role = ?4) \
    ORDER BY email LIMIT ?5"
);
static START: LazyLock<Statement> = LazyLock::new(|| Statement::insert::<SessionRow>(""));
const SESSION: &str = concat!(
    "SELECT ",
    columns!(session),
    ", ",
    columns!(account),
    " FROM sessions JOIN accounts ON id = account WHERE session = ?1"
);
const RENEW: &str = "UPDATE sessions SET generation = ?2, refreshed_at = ?3, ends_at = ?4 \
    WHERE session = ?1 AND generation = ?2 - 1";
const END_ALL: &str = "DELETE FROM sessions WHERE account = ?1 AND session IS NOT ?2";
const FORGET: &str = "DELETE FROM sessions WHERE session IN \
    (SELECT session FROM sessions WHERE ends_at <= ?1 ORDER BY ends_at LIMIT ?2)";

#[async_trait]
impl AccountStore for SqliteStore {
    async fn create_account(&self, account: Account) -> Result<(), CommandError<CreateAccountRefused>> {
        account.check_texts()?;
        self.writer()
            .run_work(move |set| {
                let connection = set.connection();
                if exists(connection, "SELECT 1 FROM accounts WHERE email = ?1", [account.email.as_str()])? {
                    return Err(CommandError::Refused(CreateAccountRefused::EmailTaken));
                }
                if exists(connection, "SELECT 1 FROM accounts WHERE id = ?1", [account.id.as_uuid()])? {
                    return Err(CommandError::Refused(CreateAccountRefused::IdTaken));
                }
                Ok(INSERT.run_one(connection, &AccountRow::of(&account))?)
            })
            .await
    }

    async fn update_account(&self, account: Account) -> Result<(), CommandError<UpdateAccountRefused>> {
        account.check_texts()?;
        self.writer().run_work(move |set| replace(set.connection(), &account)).await
    }

    async fn update_account_and_end_sessions(
        &self,
        account: Account,
    ) -> Result<(), CommandError<UpdateAccountRefused>> {
        account.check_texts()?;
        self.writer()
            .run_work(move |set| {
                replace(set.connection(), &account)?;
                write::run(set.connection(), END_ALL, (account.id.as_uuid(), None::<Uuid>))?;
                Ok(())
            })
            .await
    }

    async fn change_role(
        &self,
        id: AccountId,
        from: Role,
        to: Role,
    ) -> Result<Account, CommandError<ChangeRoleRefused>> {
        self.writer()
            .run_work(move |set| {
                let connection = set.connection();
                let values = (id.as_uuid(), from.word(), to.word());
                let changed = one(connection, CHANGE_ROLE, values, |row| AccountRow::read(row)?.account())?;
                if let Some(account) = changed {
                    return Ok(account);
                }
                let known = one(connection, BY_ID, [id.as_uuid()], |row| AccountRow::read(row)?.account())?;
                Err(CommandError::Refused(ChangeRoleRefused::of(known.map(|known| known.role), from, to)))
            })
            .await
    }

    async fn accounts(&self, query: AccountQuery) -> Result<Vec<Account>, StoreError> {
        self.read(move |connection| {
            let (from, end) = query.bounds();
            let after = query.after.as_ref().map_or("", Email::as_str);
            let sql = if query.role.is_none_or(|role| role == Role::Buyer) { LISTED } else { STAFF };
            let values = (from, end, after, query.role.map(Role::word), query.limit);
            all(connection, sql, values, |row| AccountRow::read(row)?.account())
        })
        .await
    }

    async fn accounts_by_id(&self, ids: Vec<AccountId>) -> Result<Vec<Account>, StoreError> {
        self.read(move |connection| {
            let read = |id: &AccountId| {
                one(connection, BY_ID, [id.as_uuid()], |row| AccountRow::read(row)?.account())
            };
            let found: Result<Vec<_>, _> = ids.iter().map(read).collect();
            Ok(found?.into_iter().flatten().collect())
        })
        .await
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        self.read(move |connection| {
            one(connection, BY_ID, [id.as_uuid()], |row| AccountRow::read(row)?.account())
        })
        .await
    }

    async fn account_by_email(&self, email: &Email) -> Result<Option<Account>, StoreError> {
        let email = email.clone();
        self.read(move |connection| {
            one(connection, BY_EMAIL, [email.as_str()], |row| AccountRow::read(row)?.account())
        })
        .await
    }

    async fn start_session(&self, session: Session) -> Result<(), StoreError> {
        self.write(move |set| START.run_one(set.connection(), &SessionRow::of(&session))).await
    }

    async fn session(&self, id: SessionId) -> Result<Option<SignedIn>, StoreError> {
        self.read(move |connection| one(connection, SESSION, [id.as_uuid()], |row| signed_in(row))).await
    }

    async fn renew_session(&self, session: Session) -> Result<bool, StoreError> {
        self.write(move |set| {
            let Session { id, generation, refreshed_at, ends_at, .. } = session;
            let values = (id.as_uuid(), generation, refreshed_at.as_micros(), ends_at.as_micros());
            Ok(write::run(set.connection(), RENEW, values)? == 1)
        })
        .await
    }

    async fn end_session(&self, id: SessionId) -> Result<bool, StoreError> {
        self.write(move |set| {
            let sql = "DELETE FROM sessions WHERE session = ?1";
            Ok(write::run(set.connection(), sql, [id.as_uuid()])? == 1)
        })
        .await
    }

    async fn end_sessions(&self, account: AccountId, except: Option<SessionId>) -> Result<u64, StoreError> {
        self.write(move |set| {
            let values = (account.as_uuid(), except.map(SessionId::as_uuid));
            Ok(write::run(set.connection(), END_ALL, values)? as u64)
        })
        .await
    }

    async fn forget_sessions(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.write(move |set| Ok(write::run(set.connection(), FORGET, (now.as_micros(), limit))? as u64))
            .await
    }
}

/// Replaces an account by its next version.
fn replace(connection: &Connection, account: &Account) -> Result<(), CommandError<UpdateAccountRefused>> {
    if UPDATE.run(connection, &AccountRow::of(account))? == 1 {
        return Ok(());
    }
    let is_known = exists(connection, "SELECT 1 FROM accounts WHERE id = ?1", [account.id.as_uuid()])?;
    let refused = if is_known { UpdateAccountRefused::Changed } else { UpdateAccountRefused::NotFound };
    Err(CommandError::Refused(refused))
}
