//! What changes to resources, projects and API keys tell. They have no history, and so no sequence.

use uuid::Uuid;

use super::ChangeEvent;
use super::event_type::EventType;
use crate::audit::AuditAction;
use crate::ids::{KeyId, ProjectId, ResourceId};

/// What it tells that one thing becomes another.
struct Kinds {
    created: EventType,
    updated: EventType,
    deleted: EventType,
}

impl Kinds {
    fn of<T: PartialEq>(&self, before: Option<&T>, after: Option<&T>) -> Option<EventType> {
        match (before, after) {
            (None, Some(_)) => Some(self.created),
            (Some(before), Some(after)) if before != after => Some(self.updated),
            (Some(_), None) => Some(self.deleted),
            _ => None,
        }
    }
}

/// What it tells that the resource `id` becomes another, or is created or deleted: each a record of the same type.
pub fn of_resource<T: PartialEq>(
    id: ResourceId,
    before: Option<&T>,
    after: Option<&T>,
) -> Vec<ChangeEvent> {
    let kinds = Kinds {
        created: EventType::ResourceCreated,
        updated: EventType::ResourceUpdated,
        deleted: EventType::ResourceDeleted,
    };
    let kind = kinds.of(before, after).into_iter();
    kind.map(|kind| ChangeEvent {
        resource_id: Some(id),
        ..ChangeEvent::bare(kind, id.uuid())
    })
    .collect()
}

/// As [`of_resource`], of a project.
pub fn of_project<T: PartialEq>(
    id: ProjectId,
    before: Option<&T>,
    after: Option<&T>,
) -> Vec<ChangeEvent> {
    let kinds = Kinds {
        created: EventType::ProjectCreated,
        updated: EventType::ProjectUpdated,
        deleted: EventType::ProjectDeleted,
    };
    let kind = kinds.of(before, after).into_iter();
    kind.map(|kind| ChangeEvent {
        project_id: Some(id),
        ..ChangeEvent::bare(kind, id.uuid())
    })
    .collect()
}

/// What it tells that this happened to the key `id`; `new` is the key that took its place.
pub fn of_key(action: AuditAction, id: KeyId, new: Option<KeyId>) -> Vec<ChangeEvent> {
    let about = |kind, id: KeyId| ChangeEvent::bare(kind, id.uuid());
    let kind = match action {
        AuditAction::Created | AuditAction::Imported => EventType::KeyCreated,
        AuditAction::Updated => EventType::KeyUpdated,
        AuditAction::Rotated => EventType::KeyRotated,
        AuditAction::Revoked => EventType::KeyRevoked,
        AuditAction::Leaked => EventType::KeyLeaked,
        AuditAction::Refused => return Vec::new(),
    };
    let replaced_by: Option<Uuid> = new.map(KeyId::uuid);
    let of_new = new.map(|new| about(EventType::KeyCreated, new));
    let event = ChangeEvent {
        replaced_by,
        ..about(kind, id)
    };
    std::iter::once(event).chain(of_new).collect()
}
