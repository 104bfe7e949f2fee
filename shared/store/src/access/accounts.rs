//! People: their accounts, console sessions and password resets.

use chrono::{DateTime, Utc};
use model::account::{Account, Session};
use model::app::{App, AppSettings};
use model::ids::AccountId;
use model::key::{ApiKey, HashedKey};
use serde::{Deserialize, Serialize};

use crate::access::apps;
use crate::dynamo::item::{Item, Key, record, text};
use crate::dynamo::transaction::{Condition, Outcome, Transaction};
use crate::{Store, StoreError, Table};

/// The most sessions an account keeps; one more ends the oldest. Few enough that a password reset ends
/// them all in its own transaction.
const MAX_SESSIONS: usize = 40;

/// A new app with its first keys.
#[derive(Clone, Debug)]
pub struct NewApp {
    /// Its public record.
    pub app: App,
    /// Its first keys.
    pub keys: Vec<ApiKey>,
}

/// An account could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum CreateAccountError {
    /// Another account has this e-mail address.
    #[error("another account has this e-mail address")]
    EmailTaken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A password could not be reset.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// The link is unknown, used or too old.
    #[error("the link is unknown, used or expired")]
    LinkInvalid,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a sign-in is checked against.
#[derive(Clone, Debug)]
pub struct SignInRecord {
    /// The account.
    pub account: Account,
    /// Its password, hashed with argon2id.
    pub password_hash: String,
    version: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct EmailPointer {
    account: AccountId,
}

#[derive(Serialize, Deserialize)]
struct Reset {
    account: AccountId,
    expires_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct SessionPointer {
    hash: HashedKey,
    created_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Email,
    Account,
    Other,
}

fn key(account: AccountId) -> Key {
    Key::new(format!("account#{account}"), "account")
}

fn email_key(email: &str) -> Key {
    Key::new(
        format!("email#{}", model::text::email_key(email)),
        "account",
    )
}

fn reset_key(hash: HashedKey) -> Key {
    Key::new(format!("reset#{}", hash.to_hex()), "reset")
}

fn session_key(hash: HashedKey) -> Key {
    Key::new(format!("session#{}", hash.to_hex()), "session")
}

fn session_partition(account: AccountId) -> String {
    format!("account#{account}")
}

fn session_pointer_key(account: AccountId, hash: HashedKey) -> Key {
    Key::new(
        session_partition(account),
        format!("session#{}", hash.to_hex()),
    )
}

fn item(store: &Store, account: &Account, password_hash: &str) -> Result<Item, StoreError> {
    Ok(Item::new(&key(account.id), account)?
        .with("version", store.new_version())
        .with("password_hash", password_hash))
}

impl Store {
    /// Keeps a new account with its first apps and their keys, in one transaction.
    ///
    /// # Errors
    ///
    /// [`CreateAccountError::EmailTaken`] if the address is another account's.
    pub async fn create_account(
        &self,
        account: &Account,
        password_hash: &str,
        first_apps: &[NewApp],
    ) -> Result<(), CreateAccountError> {
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            let pointer = Item::new(
                &email_key(&account.email),
                &EmailPointer {
                    account: account.id,
                },
            )?;
            transaction.put(Of::Email, Table::Accounts, pointer, &Condition::Absent)?;
            transaction.put(
                Of::Account,
                Table::Accounts,
                item(self, account, password_hash)?,
                &Condition::Absent,
            )?;
            for NewApp { app, keys } in first_apps {
                apps::add_to(
                    &mut transaction,
                    self,
                    &Of::Other,
                    app,
                    &AppSettings::default(),
                    keys,
                )?;
            }
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(())),
                Outcome::Refused(of) if of.contains(&Of::Email) => {
                    Err(CreateAccountError::EmailTaken)
                }
                Outcome::Refused(_) => Err(StoreError::broken(
                    "TransactWriteItems",
                    "a new account's id or slug exists already",
                )
                .into()),
                Outcome::Conflict => Ok(None),
            }
        })
        .await
    }

    /// An account, strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn get_account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        self.get_record(Table::Accounts, &key(id)).await
    }

    /// What a sign-in with this e-mail address is checked against.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn find_account(&self, email: &str) -> Result<Option<SignInRecord>, StoreError> {
        let pointer: Option<EmailPointer> =
            self.get_record(Table::Accounts, &email_key(email)).await?;
        match pointer {
            Some(EmailPointer { account }) => self.sign_in_record(account).await,
            None => Ok(None),
        }
    }

    async fn sign_in_record(&self, account: AccountId) -> Result<Option<SignInRecord>, StoreError> {
        let Some(item) = self.get(Table::Accounts, &key(account)).await? else {
            return Ok(None);
        };
        let version = text(&item, "version");
        let password_hash = text(&item, "password_hash")
            .ok_or_else(|| StoreError::broken("GetItem", "an account without password hash"))?;
        Ok(Some(SignInRecord {
            account: record(item)?,
            password_hash,
            version,
        }))
    }

    /// Keeps a new session, on condition that the password checked is still the account's. The oldest
    /// session beyond the most an account keeps ends with it.
    ///
    /// # Errors
    ///
    /// Only if the store fails; `false` if the account changed since `checked` was read.
    pub async fn create_session(
        &self,
        checked: &SignInRecord,
        hash: HashedKey,
        session: &Session,
    ) -> Result<bool, StoreError> {
        let account = checked.account.id;
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            let unchanged = Condition::as_seen(checked.version.clone());
            transaction.check(Of::Account, Table::Accounts, &key(account), &unchanged)?;
            let ends_s = session.expires_at.timestamp();
            let kept = Item::new(&session_key(hash), session)?.expiring(ends_s);
            transaction.put(Of::Other, Table::Sessions, kept, &Condition::Absent)?;
            let pointer = SessionPointer {
                hash,
                created_at: session.created_at,
            };
            let pointer =
                Item::new(&session_pointer_key(account, hash), &pointer)?.expiring(ends_s);
            transaction.put(Of::Other, Table::Sessions, pointer, &Condition::Absent)?;
            let mut others = self.sessions_of(account).await?;
            others.sort_by_key(|other| other.created_at);
            let too_many = (others.len() + 1).saturating_sub(MAX_SESSIONS);
            for oldest in &others[..too_many] {
                end_in(&mut transaction, account, oldest.hash)?;
            }
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(true)),
                Outcome::Refused(of) if of.contains(&Of::Account) => Ok(Some(false)),
                Outcome::Refused(_) | Outcome::Conflict => Ok::<_, StoreError>(None),
            }
        })
        .await
    }

    /// Finds a session by its token's hash, strongly consistent. Whether it still holds is for the caller to judge.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn find_session(&self, hash: HashedKey) -> Result<Option<Session>, StoreError> {
        self.get_record(Table::Sessions, &session_key(hash)).await
    }

    /// Ends one session.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn end_session(&self, account: AccountId, hash: HashedKey) -> Result<(), StoreError> {
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            end_in(&mut transaction, account, hash)?;
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(())),
                Outcome::Refused(_) | Outcome::Conflict => Ok(None),
            }
        })
        .await
    }

    /// Keeps the hash of a one-time link that resets an account's password until `expires_at`.
    ///
    /// # Errors
    ///
    /// Only if the store fails; `false` if no account has this e-mail address.
    pub async fn create_reset(
        &self,
        email: &str,
        link: HashedKey,
        expires_at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let Some(found) = self.find_account(email).await? else {
            return Ok(false);
        };
        let reset = Reset {
            account: found.account.id,
            expires_at,
        };
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            let item = Item::new(&reset_key(link), &reset)?.expiring(expires_at.timestamp());
            transaction.put((), Table::Accounts, item, &Condition::Absent)?;
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(true)),
                Outcome::Refused(_) | Outcome::Conflict => Ok(None),
            }
        })
        .await
    }

    /// Uses up a one-time link: sets the password and ends every session of the account, in one transaction.
    ///
    /// # Errors
    ///
    /// [`ResetError::LinkInvalid`] if the link is unknown, used or expired.
    pub async fn reset_password(
        &self,
        link: HashedKey,
        password_hash: &str,
        now: DateTime<Utc>,
    ) -> Result<(), ResetError> {
        self.until_decided(|| async {
            let reset: Option<Reset> = self.get_record(Table::Accounts, &reset_key(link)).await?;
            let reset = reset
                .filter(|reset| now < reset.expires_at)
                .ok_or(ResetError::LinkInvalid)?;
            let found = self
                .sign_in_record(reset.account)
                .await?
                .ok_or(ResetError::LinkInvalid)?;
            let mut transaction = Transaction::new(self);
            let account = item(self, &found.account, password_hash)?;
            transaction.put(
                Of::Account,
                Table::Accounts,
                account,
                &Condition::as_seen(found.version),
            )?;
            transaction.delete(
                Of::Other,
                Table::Accounts,
                &reset_key(link),
                Some(&Condition::Present),
            )?;
            // The account's new version keeps out any session begun meanwhile on the old password.
            for session in self.sessions_of(reset.account).await? {
                end_in(&mut transaction, reset.account, session.hash)?;
            }
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(())),
                Outcome::Refused(_) | Outcome::Conflict => Ok(None),
            }
        })
        .await
    }

    /// Sets the password of an account and ends its sessions but `kept`, in one transaction.
    ///
    /// # Errors
    ///
    /// Only if the store fails; `false` if the account changed since `checked` was read.
    pub async fn change_password(
        &self,
        checked: &SignInRecord,
        password_hash: &str,
        kept: HashedKey,
    ) -> Result<bool, StoreError> {
        let id = checked.account.id;
        self.until_decided(|| async {
            let mut transaction = Transaction::new(self);
            let account = item(self, &checked.account, password_hash)?;
            let unchanged = Condition::as_seen(checked.version.clone());
            transaction.put(Of::Account, Table::Accounts, account, &unchanged)?;
            for session in self.sessions_of(id).await? {
                if session.hash != kept {
                    end_in(&mut transaction, id, session.hash)?;
                }
            }
            match transaction.commit().await? {
                Outcome::Committed => Ok(Some(true)),
                Outcome::Refused(of) if of.contains(&Of::Account) => Ok(Some(false)),
                Outcome::Refused(_) | Outcome::Conflict => Ok::<_, StoreError>(None),
            }
        })
        .await
    }

    async fn sessions_of(&self, account: AccountId) -> Result<Vec<SessionPointer>, StoreError> {
        let items = self
            .partition(Table::Sessions, &session_partition(account), "session#")
            .await?;
        items.into_iter().map(record).collect()
    }
}

fn end_in(
    transaction: &mut Transaction<'_, Of>,
    account: AccountId,
    hash: HashedKey,
) -> Result<(), StoreError> {
    transaction.delete(Of::Other, Table::Sessions, &session_key(hash), None)?;
    transaction.delete(
        Of::Other,
        Table::Sessions,
        &session_pointer_key(account, hash),
        None,
    )
}
