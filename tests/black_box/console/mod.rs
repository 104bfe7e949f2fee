//! The function `console`: pages and the files they load.

mod pages;
mod shades;
