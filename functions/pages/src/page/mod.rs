//! A booking page: whose it is, what its visitor asks for, which times there are, and what becomes of the form.

pub(crate) mod ask;
pub(crate) mod book;
pub(crate) mod booked;
pub(crate) mod form;
pub(crate) mod problem;
pub(crate) mod site;
pub(crate) mod times;
