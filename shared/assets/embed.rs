// The build script's part of the crate `assets`, included by a function's `build.rs`.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Writes the table of the compressed files below `dist` whose names, without `.gz`, are `wanted`: the function includes it as
/// `assets.rs` of OUT_DIR.
pub(crate) fn embed(dist: &Path, wanted: impl Fn(&str) -> bool) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed=../../shared/assets/embed.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let mut files = Vec::new();
    list(dist, &mut files)?;
    let mut named = Vec::new();
    for file in files {
        let name = file.strip_prefix(dist).map_err(io::Error::other)?;
        let name = name.with_extension("").to_string_lossy().into_owned();
        if wanted(&name) {
            named.push((name, file));
        }
    }
    named.sort();
    let mut table = String::from("&[\n");
    for (name, file) in named {
        let content = fs::read(&file)?;
        // This need not withstand anybody: it only has to change when the file does.
        let mut hasher = DefaultHasher::new();
        hasher.write(&content);
        let hash = format!("{:016x}", hasher.finish());
        // A copy, so that pages that are built again meanwhile do not take it away from the compiler.
        let copy = out.join(&hash);
        fs::write(&copy, content)?;
        let etag = format!("\"{hash}\"");
        writeln!(
            table,
            "    assets::Asset {{ name: {name:?}, etag: {etag:?}, gzip: include_bytes!({copy:?}) }},"
        )
        .map_err(io::Error::other)?;
    }
    table.push_str("]\n");
    fs::write(out.join("assets.rs"), table)
}

/// Every compressed file in `folder` and below it.
fn list(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "gz") {
            files.push(path);
        }
    }
    Ok(())
}
