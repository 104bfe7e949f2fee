//! The unit of work: decisions on records, with the time and seats that they take, in one transaction.

pub(crate) mod commit;
pub(crate) mod decision;
pub(crate) mod drafts;
pub(crate) mod moves;
pub(crate) mod seats;
pub(crate) mod sheets;
pub(crate) mod size;
pub(crate) mod step;
pub(crate) mod touched;
