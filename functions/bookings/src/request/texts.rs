//! A booking's texts: title, place, description and participants.

use api::{Faults, Field};
use model::booking::EventText;
use model::graph::Graph;
use scheduling::Defaults;
use scheduling::defaults::Texts;

/// A booking's texts as they were sent.
pub(crate) struct SentTexts {
    pub(crate) what: Field<String>,
    pub(crate) place: Field<String>,
    pub(crate) description: Field<String>,
    pub(crate) participants: Field<Vec<String>>,
}

/// The most bytes of a list of participants as JSON.
const MAX_PARTICIPANTS: usize = 16 * 1024;

/// Reads the texts of a booking to create. Where they are not sent, its group or its project may have them.
pub(super) fn texts(
    faults: &mut Faults,
    sent: SentTexts,
    graph: Option<Graph>,
    defaults: &Defaults<'_>,
) -> Texts {
    let reserved = defaults.reservation().map(|held| &held.event);
    let is_optional = graph.is_some_and(Graph::takes_a_seat) || defaults.has_texts();
    read_texts(faults, sent, reserved, is_optional)
}

/// Reads a booking's texts: as they were sent, or else as they were reserved. Title and place are required unless
/// `is_optional`.
pub(crate) fn read_texts(
    faults: &mut Faults,
    sent: SentTexts,
    reserved: Option<&EventText>,
    is_optional: bool,
) -> Texts {
    let mut line = |name: &str, field: Field<String>| {
        let text = if is_optional {
            faults.optional(name, field)
        } else {
            faults.required(name, field)
        };
        faults.text(name, text, 1..=1_000)
    };
    let what = or_reserved(sent.what, reserved.map(|texts| &texts.what));
    let place = or_reserved(sent.place, reserved.map(|texts| &texts.place));
    let (what, place) = (line("what", what), line("where", place));
    let description = reserved.map(|texts| &texts.description);
    let description = faults.optional("description", or_reserved(sent.description, description));
    let participants = reserved.map(|texts| &texts.participants);
    let participants = or_reserved(sent.participants, participants);
    let participants = faults
        .optional("participants", participants)
        .unwrap_or_default();
    faults.size("participants", &participants, MAX_PARTICIPANTS);
    Texts {
        what,
        place,
        description: faults.text("description", description, 0..=20_000),
        participants,
    }
}

/// `field`, or what the reservation says where it was not sent.
fn or_reserved<T: Clone>(field: Field<T>, reserved: Option<&T>) -> Field<T> {
    match reserved {
        Some(reserved) if !field.is_present() => Field::Value(reserved.clone()),
        _ => field,
    }
}
