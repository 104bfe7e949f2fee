//! Takes the booking page's scripts, which `npm run build` has left in the console's web/dist/book, into the program. There may
//! be none: the page works without them.

use std::io;
use std::path::Path;

#[path = "../../shared/assets/embed.rs"]
mod embed;
#[path = "../link.rs"]
mod link;

fn main() -> io::Result<()> {
    link::main();
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../console/web/dist");
    embed::embed(&web, |name| name.starts_with("book/"))
}
