//! People: their accounts, console sessions and password resets.

use chrono::{DateTime, Utc};
use model::account::{Account, Session};
use model::app::AppSettings;
use model::ids::AccountId;
use model::key::HashedKey;
use serde::{Deserialize, Serialize};

use crate::access::apps::{self, NewApp};
use crate::dynamo::{
    Attempt, Condition, Item, RawItem, Seen, Store, StoreError, Transaction, Writer, record, text,
};
use crate::places;

/// The most sessions an account keeps; one more ends the oldest. Few enough that a password reset ends
/// them all in its own transaction.
const MAX_SESSIONS: usize = 40;

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
    item: RawItem,
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
enum Guard {
    Email,
    Account,
    Other,
}

impl SignInRecord {
    /// The account as it was read, to be rewritten.
    fn seen(&self) -> Seen<Account> {
        Seen::new(self.account.clone(), self.item.clone())
    }
}

fn item(store: &Store, account: &Account, password_hash: &str) -> Result<Item, StoreError> {
    Ok(Item::new(&places::account(account.id), account)?
        .with("version", store.new_version())
        .with("password_hash", password_hash))
}

impl Store {
    /// An account, strongly consistent.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn get_account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        self.get_record(&places::account(id)).await
    }

    /// What a sign-in with this e-mail address is checked against.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn find_account(&self, email: &str) -> Result<Option<SignInRecord>, StoreError> {
        let pointer: Option<EmailPointer> = self.get_record(&places::account_email(email)).await?;
        match pointer {
            Some(EmailPointer { account }) => self.sign_in_record(account).await,
            None => Ok(None),
        }
    }

    async fn sign_in_record(&self, account: AccountId) -> Result<Option<SignInRecord>, StoreError> {
        let Some(item) = self.get(&places::account(account)).await? else {
            return Ok(None);
        };
        let password_hash = text(&item, "password_hash")
            .ok_or_else(|| StoreError::broken("GetItem", "an account without password hash"))?;
        Ok(Some(SignInRecord {
            account: record(&item)?,
            password_hash,
            item,
        }))
    }

    /// Finds a session by its token's hash, strongly consistent. Whether it still holds is for the caller to judge.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn find_session(&self, hash: HashedKey) -> Result<Option<Session>, StoreError> {
        self.get_record(&places::session(hash)).await
    }

    async fn sessions_of(&self, account: AccountId) -> Result<Vec<SessionPointer>, StoreError> {
        let items = self.partition(&places::sessions_of(account)).await?;
        items.iter().map(record).collect()
    }
}

impl Writer {
    /// Creates an account with its first apps and their keys, in one transaction.
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
            let pointer = EmailPointer {
                account: account.id,
            };
            let pointer = Item::new(&places::account_email(&account.email), &pointer)?;
            transaction.put(Guard::Email, pointer, &Condition::Absent)?;
            let item = item(self, account, password_hash)?;
            transaction.put(Guard::Account, item, &Condition::Absent)?;
            for new in first_apps {
                apps::add_to(
                    &mut transaction,
                    self,
                    &Guard::Other,
                    new,
                    &AppSettings::default(),
                )?;
            }
            let refused = |guards: &[Guard]| match guards.contains(&Guard::Email) {
                true => Err(CreateAccountError::EmailTaken),
                false => Err(StoreError::exists_already("account").into()),
            };
            transaction.decide_or((), refused).await
        })
        .await
    }

    /// Creates a session, on condition that the password checked is still the account's. The oldest
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
            let unchanged = checked.seen().condition();
            transaction.check(Guard::Account, &places::account(account), &unchanged)?;
            let ends_s = session.expires_at.timestamp();
            let kept = Item::new(&places::session(hash), session)?.expiring(ends_s);
            transaction.put(Guard::Other, kept, &Condition::Absent)?;
            let pointer = SessionPointer {
                hash,
                created_at: session.created_at,
            };
            let place = places::session_pointer(account, hash);
            let pointer = Item::new(&place, &pointer)?.expiring(ends_s);
            transaction.put(Guard::Other, pointer, &Condition::Absent)?;
            let mut others = self.sessions_of(account).await?;
            others.sort_by_key(|other| other.created_at);
            let too_many = (others.len() + 1).saturating_sub(MAX_SESSIONS);
            for oldest in &others[..too_many] {
                end_in(&mut transaction, account, oldest.hash)?;
            }
            transaction.decide_or(true, account_changed).await
        })
        .await
    }

    /// Ends one session.
    ///
    /// # Errors
    ///
    /// Only if the store fails.
    pub async fn end_session(&self, account: AccountId, hash: HashedKey) -> Result<(), StoreError> {
        let pointer = places::session_pointer(account, hash);
        self.delete_all(&[places::session(hash), pointer]).await
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
            let item = Item::new(&places::reset(link), &reset)?.expiring(expires_at.timestamp());
            transaction.put((), item, &Condition::Absent)?;
            transaction.decide(true).await
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
            let reset: Option<Reset> = self.get_record(&places::reset(link)).await?;
            let reset = reset
                .filter(|reset| now < reset.expires_at)
                .ok_or(ResetError::LinkInvalid)?;
            let found = self
                .sign_in_record(reset.account)
                .await?
                .ok_or(ResetError::LinkInvalid)?;
            let mut transaction = Transaction::new(self);
            let (account, unchanged) = set_password(self, &found, password_hash)?;
            transaction.put(Guard::Account, account, &unchanged)?;
            let used = places::reset(link);
            transaction.delete(Guard::Other, &used, Some(&Condition::Present))?;
            // The account's new version keeps out any session begun meanwhile on the old password.
            for session in self.sessions_of(reset.account).await? {
                end_in(&mut transaction, reset.account, session.hash)?;
            }
            Ok(transaction.decide(()).await?)
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
            let (account, unchanged) = set_password(self, checked, password_hash)?;
            transaction.put(Guard::Account, account, &unchanged)?;
            for session in self.sessions_of(id).await? {
                if session.hash != kept {
                    end_in(&mut transaction, id, session.hash)?;
                }
            }
            transaction.decide_or(true, account_changed).await
        })
        .await
    }
}

/// The account with another password, on condition that it is as it was `checked`.
fn set_password(
    store: &Store,
    checked: &SignInRecord,
    password_hash: &str,
) -> Result<(Item, Condition), StoreError> {
    let item = item(store, &checked.account, password_hash)?;
    Seen::rewrite(Some(&checked.seen()), item)
}

/// What failed conditions mean to a caller who checked the account before: `false` if it has changed since.
fn account_changed(guards: &[Guard]) -> Result<Attempt<bool>, StoreError> {
    match guards.contains(&Guard::Account) {
        true => Ok(Attempt::Decided(false)),
        false => Ok(Attempt::LostRace),
    }
}

fn end_in(
    transaction: &mut Transaction<'_, Guard>,
    account: AccountId,
    hash: HashedKey,
) -> Result<(), StoreError> {
    transaction.delete(Guard::Other, &places::session(hash), None)?;
    let pointer = places::session_pointer(account, hash);
    transaction.delete(Guard::Other, &pointer, None)
}
