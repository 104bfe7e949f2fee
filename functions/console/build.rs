//! Takes the files that `npm run build` has left in web/dist into the program. There may be none: then the pages say so.

use std::io;
use std::path::Path;

#[path = "../../shared/assets/embed.rs"]
mod embed;
#[path = "../link.rs"]
mod link;

fn main() -> io::Result<()> {
    link::main();
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/dist");
    // The booking page's scripts are the function `pages`' to hand out.
    embed::embed(&web, |name| !name.starts_with("book/"))
}
