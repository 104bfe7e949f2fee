//! Takes the files that `npm run build` has left in web/dist into the program. There may be none: then the pages say so.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[path = "../link.rs"]
mod link;

fn main() -> io::Result<()> {
    link::main();
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let mut files = Vec::new();
    list(&dist, &mut files)?;
    let mut named = Vec::new();
    for file in files {
        let name = file.strip_prefix(&dist).map_err(io::Error::other)?;
        let name = name.with_extension("").to_string_lossy().into_owned();
        // The booking page's scripts, which the function `pages` hands out.
        if name.starts_with("book/") {
            continue;
        }
        named.push((name, file));
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
            "    Asset {{ name: {name:?}, etag: {etag:?}, gzip: include_bytes!({copy:?}) }},"
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
