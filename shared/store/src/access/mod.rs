//! Who may do something and how often: accounts, apps, keys, credentials, limits; and what requests were answered.

pub(crate) mod accounts;
pub(crate) mod app_record;
pub(crate) mod apps;
pub(crate) mod attempts;
pub(crate) mod audit;
pub(crate) mod credentials;
pub(crate) mod idempotency;
pub(crate) mod keys;
pub(crate) mod leaks;
pub(crate) mod ledger_record;
pub(crate) mod ledgers;
