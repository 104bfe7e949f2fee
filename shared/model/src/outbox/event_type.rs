//! The types of events, by family.

use std::fmt;
use std::str::FromStr;

use crate::graph::BookingState;
use crate::scope::Scope;

macro_rules! event_types {
    ($($(#[$family_doc:meta])* $family:ident = $prefix:literal, $scope:ident {
        $($variant:ident = $name:literal, $happened:literal;)+
    })+) => {
        /// What events are about. Who may read it sees its events.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Family {$(
            $(#[$family_doc])*
            $family,
        )+}

        impl Family {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$family),+];

            /// What the names of its types begin with, before the dot.
            pub const fn name(self) -> &'static str {
                match self {$(Self::$family => $prefix),+}
            }

            /// What a caller needs to see its events.
            pub const fn scope(self) -> Scope {
                match self {$(Self::$family => Scope::$scope),+}
            }
        }

        /// What can happen.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum EventType {$($(
            #[doc = $happened]
            $variant,
        )+)+}

        impl EventType {
            /// All of them.
            pub const ALL: &[Self] = &[$($(Self::$variant),+),+];

            /// The name on the wire, which is its family's, a dot and a word.
            pub const fn name(self) -> &'static str {
                match self {$($(Self::$variant => $name),+),+}
            }

            /// What happened, in a few words.
            pub const fn happened(self) -> &'static str {
                match self {$($(Self::$variant => $happened),+),+}
            }

            /// What it is about.
            pub const fn family(self) -> Family {
                match self {$($(Self::$variant => Family::$family),+),+}
            }
        }
    };
}

event_types! {
    /// Bookings, seats and groups among them.
    Booking = "booking", BookingsRead {
        Tentative = "booking.tentative", "A booking was created that waits: for a confirmation, a payment, or customers of its group.";
        Confirmed = "booking.confirmed", "A booking was created or confirmed.";
        Declined = "booking.declined", "A booking was declined.";
        Paid = "booking.paid", "A booking was paid for.";
        Unpaid = "booking.unpaid", "A booking was not paid for in time.";
        Cancelled = "booking.cancelled", "A booking was cancelled by the resource's side.";
        CancelledByCustomer = "booking.cancelled_by_customer", "A booking was cancelled by its customer.";
        CancelledByOwner = "booking.cancelled_by_owner", "A seat was cancelled by its group's side.";
        RescheduledByCustomer = "booking.rescheduled_by_customer", "Another booking took this one's place.";
        Completed = "booking.completed", "A booking is over.";
        Reminder = "booking.reminder", "A reminder of a booking is due, and the booking takes place.";
        Updated = "booking.updated", "A booking's `meta` was changed.";
        Deleted = "booking.deleted", "A booking was deleted.";
    }
    /// Reservations.
    Reservation = "reservation", BookingsRead {
        Reserved = "reservation.reserved", "A slot was reserved.";
        Extended = "reservation.extended", "A reservation holds for another while.";
        Booked = "reservation.booked", "A reservation became a booking.";
        Expired = "reservation.expired", "A reservation lapsed.";
    }
    /// The seats of groups.
    Group = "group", BookingsRead {
        SeatTaken = "group.seat_taken", "Seats of a group were taken.";
        SeatReleased = "group.seat_released", "Seats of a group were released.";
        Full = "group.full", "The last seat of a group was taken.";
    }
    /// Events of calendars.
    Event = "event", ResourcesRead {
        EventCreated = "event.created", "An event was created in a calendar.";
        EventUpdated = "event.updated", "An event of a calendar was changed.";
        EventDeleted = "event.deleted", "An event of a calendar was deleted.";
    }
    /// Resources, with their calendars.
    Resource = "resource", ResourcesRead {
        ResourceCreated = "resource.created", "A resource was created.";
        ResourceUpdated = "resource.updated", "A resource, or one of its calendars, was changed.";
        ResourceDeleted = "resource.deleted", "A resource was deleted.";
    }
    /// Projects.
    Project = "project", ProjectsRead {
        ProjectCreated = "project.created", "A project was created.";
        ProjectUpdated = "project.updated", "A project was changed.";
        ProjectDeleted = "project.deleted", "A project was deleted.";
    }
    /// API keys.
    Key = "key", KeysRead {
        KeyCreated = "key.created", "An API key was created or imported.";
        KeyUpdated = "key.updated", "An API key was changed.";
        KeyRotated = "key.rotated", "An API key was replaced by a new one.";
        KeyRevoked = "key.revoked", "An API key was revoked.";
        KeyLeaked = "key.leaked", "An API key was reported as leaked, and so revoked.";
    }
    /// Webhook endpoints.
    Endpoint = "endpoint", WebhooksRead {
        EndpointTest = "endpoint.test", "Somebody asked for a test. Only the endpoint that is tested gets it.";
        EndpointDisabled = "endpoint.disabled", "An endpoint was disabled by its own responses: it answered 410, or did nothing but fail for five days.";
    }
}

impl EventType {
    /// What it is called that a booking came into `state`, for every state of every graph.
    pub const fn of_state(state: BookingState) -> Self {
        match state {
            BookingState::Tentative => Self::Tentative,
            BookingState::Confirmed => Self::Confirmed,
            BookingState::Paid => Self::Paid,
            BookingState::Unpaid => Self::Unpaid,
            BookingState::Declined => Self::Declined,
            BookingState::Cancelled => Self::Cancelled,
            BookingState::CancelledByCustomer => Self::CancelledByCustomer,
            BookingState::CancelledByOwner => Self::CancelledByOwner,
            BookingState::RescheduledByCustomer => Self::RescheduledByCustomer,
            BookingState::Completed => Self::Completed,
        }
    }
}

impl Family {
    /// The family of a type by its name, known or not; none if this version does not know the family either.
    pub fn of(kind: &str) -> Option<Self> {
        let (family, _) = kind.split_once('.')?;
        Self::ALL.iter().copied().find(|one| one.name() == family)
    }

    /// What a caller needs to see events of a type, known or not. Of a family that this version does not know, only those see any
    /// who may do everything.
    pub fn scope_of(kind: &str) -> Scope {
        Self::of(kind).map_or(Scope::Everything, Self::scope)
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that no type has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown type of event")]
pub struct UnknownEventType;

impl FromStr for EventType {
    type Err = UnknownEventType;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.iter().copied();
        all.find(|known| known.name() == name)
            .ok_or(UnknownEventType)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_its_family_s_and_read_back() {
        for kind in EventType::ALL {
            assert_eq!(Family::of(kind.name()), Some(kind.family()), "{kind}");
            assert_eq!(kind.name().parse(), Ok(*kind));
        }
        assert_eq!(
            Family::of("booking.of_a_newer_version"),
            Some(Family::Booking)
        );
        assert_eq!(Family::of("satellite.launched"), None);
    }

    #[test]
    fn a_state_is_told_under_its_own_name() {
        for state in BookingState::ALL {
            let name = format!("booking.{state}");
            assert_eq!(EventType::of_state(*state).name(), name);
        }
    }
}
