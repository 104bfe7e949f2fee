//! Who may call this function's operations.

use auth::{Access, Anonymous, Principal};
use model::scope::Scope;

api::access! {
    /// Reads the app's keys.
    pub(crate) enum Read: Principal = Access::scope(Scope::KeysRead);

    /// Creates, changes and revokes the app's keys.
    pub(crate) enum Write: Principal = Access::scope(Scope::KeysWrite);

    /// Reports keys that were found in public places.
    pub(crate) enum ReportLeak: Anonymous = Access::anonymous_at_most(10);

    /// Reads the audit log.
    pub(crate) enum ReadAudit: Principal = Access::scope(Scope::AuditRead);

    /// Learns who it is itself.
    pub(crate) enum AnyCaller: Principal = Access::any_caller();

    /// Learns which key it is itself.
    pub(crate) enum AnyKey: Principal = Access::any_key();
}
