//! The master secret on a laptop: a file that only its owner reads, outside the database.

use std::path::{Path, PathBuf};

use auth::MasterSecret;
use model::Random;
use secrecy::SecretString;

use crate::data_folder::{DataFolder, MASTER_SECRET};
use crate::error::LocalError;

/// Reads the secret in `folder`, or makes one. `has_data` tells whether the store has data that an older secret was used
/// for: then none is made.
///
/// # Errors
///
/// [`LocalError::MasterSecretMissing`] if there is data and no secret, or if the file cannot be read, written, or understood.
pub fn load_or_create(
    folder: &DataFolder,
    has_data: bool,
    random: &dyn Random,
) -> Result<MasterSecret, LocalError> {
    if !folder.has_master_secret() {
        if has_data {
            return Err(LocalError::MasterSecretMissing {
                path: path(folder.path()),
            });
        }
        folder.unmark()?;
        folder.write(MASTER_SECRET, &MasterSecret::generate(random))?;
    }
    let path = path(folder.path());
    let text = std::fs::read_to_string(&path)
        .map_err(|source| LocalError::data_folder(path.clone(), source))?;
    MasterSecret::parse(&text).map_err(|source| LocalError::MasterSecret { path, source })
}

/// The text of the secret in `folder`, as Secrets Manager would keep it.
///
/// # Errors
///
/// If the file cannot be read.
pub fn text(folder: &Path) -> Result<SecretString, LocalError> {
    let path = path(folder);
    let text = std::fs::read_to_string(&path);
    text.map(SecretString::from)
        .map_err(|source| LocalError::data_folder(path, source))
}

fn path(folder: &Path) -> PathBuf {
    folder.join(MASTER_SECRET)
}
