//! Records that say when they were last changed.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::event::Event;
use crate::filter::FilterCollection;
use crate::location::{Location, Service};
use crate::project::Project;
use crate::resource::{Calendar, Resource};
use crate::widget::Widget;

/// A record that says when it was last changed.
pub trait Dated: Clone + PartialEq {
    /// When it was last changed.
    fn updated_at(&mut self) -> &mut DateTime<Utc>;

    /// The record after `change` at `now`. Clients send back what they have read: where nothing differs, it was not changed.
    #[must_use]
    fn changed(self, now: DateTime<Utc>, change: impl FnOnce(Self) -> Self) -> Self {
        let mut after = change(self.clone());
        if after != self {
            *after.updated_at() = now;
        }
        after
    }
}

macro_rules! dated {
    ($($name:ident),+) => {$(
        impl Dated for $name {
            fn updated_at(&mut self) -> &mut DateTime<Utc> {
                &mut self.updated_at
            }
        }
    )+};
}

dated!(
    App,
    Calendar,
    Event,
    FilterCollection,
    Location,
    Project,
    Resource,
    Service,
    Widget
);
