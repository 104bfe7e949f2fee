//! What a server keeps between two starts, opened together: a master secret and a database. One without the other is a loss that
//! nobody has noticed yet, and a new one in its place would make it final.

use auth::MasterSecret;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use model::Random;
use store::{Table, Tables};

use crate::data_folder::{DATABASE, DataFolder};
use crate::embedded::EmbeddedStore;
use crate::error::LocalError;
use crate::{master_secret, tables};

/// Opens the master secret and the database in `folder`, and creates both where neither has been. The tables are there then.
///
/// # Errors
///
/// [`LocalError::MasterSecretMissing`] or [`LocalError::DatabaseEmptied`] if one of them is gone; otherwise what keeps a file
/// from being opened or written.
pub async fn open(
    folder: &DataFolder,
    random: &dyn Random,
) -> Result<(MasterSecret, EmbeddedStore), LocalError> {
    let path = folder.path().join(DATABASE);
    // Without the mark, there is a secret without tables only because the first start was broken off.
    let had_tables = folder.has_mark() && folder.has_master_secret();
    // Asked before it is opened, because that would create it.
    if had_tables && !folder.has_database() {
        return Err(LocalError::DatabaseEmptied { path });
    }
    let store = EmbeddedStore::open(folder)?;
    let has_tables = store.connections().has_tables();
    let has_tables = has_tables.map_err(|error| LocalError::EmbeddedStore {
        path: path.clone(),
        reason: error.to_string(),
    })?;
    if had_tables && !has_tables {
        return Err(LocalError::DatabaseEmptied { path });
    }
    let secret = master_secret::load_or_create(folder, has_tables, random)?;
    let client = store.connection().client().await;
    tables::create(&client, tables::PREFIX)
        .await
        .map_err(|error| folder.explain(error))?;
    folder.mark()?;
    Ok((secret, store))
}

/// The master secret in `folder` for a store elsewhere, which `client` reaches. It is created where the store has no data.
///
/// # Errors
///
/// As [`open`], or if the store does not answer.
pub async fn open_beside(
    folder: &DataFolder,
    client: &Client,
    random: &dyn Random,
) -> Result<MasterSecret, LocalError> {
    let has_data = !folder.has_master_secret() && has_keys(client).await?;
    master_secret::load_or_create(folder, has_data, random)
}

/// Whether the store has any key: it is empty without one, and no two servers share one without a common secret.
///
/// # Errors
///
/// If the store does not answer.
pub async fn has_keys(client: &Client) -> Result<bool, LocalError> {
    let keys = Tables::with_prefix(tables::PREFIX).name(Table::Keys);
    let found = client.scan().table_name(keys).limit(1).send().await;
    match found {
        Ok(found) => Ok(!found.items().is_empty()),
        Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(false),
        Err(error) => Err(LocalError::store(&error)),
    }
}
