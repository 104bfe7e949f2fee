//! The master secret on a laptop: a file that only its owner reads, outside the database.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::Path;

use auth::MasterSecret;
use model::Random;
use secrecy::SecretString;

use crate::error::LocalError;

const FILE: &str = "master-secret.json";

/// Reads the secret in `folder`, or makes one.
///
/// # Errors
///
/// If the file cannot be read, written, or understood.
pub fn load_or_create(folder: &Path, random: &dyn Random) -> Result<MasterSecret, LocalError> {
    let path = folder.join(FILE);
    let io = |source| LocalError::DataFolder {
        path: path.clone(),
        source,
    };
    let text = match std::fs::File::open(&path) {
        Ok(mut file) => {
            let mut text = String::new();
            file.read_to_string(&mut text).map_err(io)?;
            text
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let text = MasterSecret::generate(random);
            // Written aside and renamed: a file cut short would keep every later start from succeeding.
            let aside = folder.join("master-secret.json.new");
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&aside).map_err(io)?;
            file.write_all(text.as_bytes())
                .and_then(|()| file.sync_all())
                .map_err(io)?;
            std::fs::rename(&aside, &path).map_err(io)?;
            text
        }
        Err(error) => return Err(io(error)),
    };
    MasterSecret::parse(&text).map_err(|source| LocalError::MasterSecret { path, source })
}

/// The text of the secret in `folder`, as Secrets Manager would keep it.
///
/// # Errors
///
/// If the file cannot be read.
pub fn text(folder: &Path) -> Result<SecretString, LocalError> {
    let path = folder.join(FILE);
    let text = std::fs::read_to_string(&path);
    text.map(SecretString::from)
        .map_err(|source| LocalError::DataFolder { path, source })
}
