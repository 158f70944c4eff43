//! The audit side on its port.

/// Full names of the gRPC services of auditd, for health.
pub const SERVICES: [&str; 1] = ["perennial.audit.v1.AuditService"];
