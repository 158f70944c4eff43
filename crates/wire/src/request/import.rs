//! `import.proto`: commands to import runs.

use perennial_domain::ids::ImportId;
use perennial_domain::import::{
    ImportCommand, ImportCounts, ImportSource, LOCATORS_MAX, RefusedReason,
};

use super::check::Check;
use super::path::Path;
use crate::pb::ledger as pb;

/// A command and the import run it is for.
pub(super) type Asked = (ImportId, ImportCommand);

impl Check<'_> {
    pub(super) fn start_import(
        &mut self,
        path: Path<'_>,
        message: pb::StartImport,
    ) -> Option<Asked> {
        let import_id = self.id(path.field("import_id"), &message.import_id, ImportId::parse);
        let max = self.limits.name_chars_max;
        let dataset = self.text(path.field("dataset"), message.dataset, max);
        let file_sha256 = self.array(path.field("file_sha256"), &message.file_sha256);
        let at = path.field("published_on");
        let published_on = self.required(at, message.published_on, Self::date);
        let source = ImportSource {
            dataset: dataset?,
            file_sha256: file_sha256?,
            published_on: published_on?,
        };
        Some((import_id?, ImportCommand::Start(source)))
    }

    pub(super) fn complete_import(
        &mut self,
        path: Path<'_>,
        message: pb::CompleteImport,
    ) -> Option<Asked> {
        let import_id = self.id(path.field("import_id"), &message.import_id, ImportId::parse);
        let counts = self.required(path.field("counts"), message.counts, |_, _, counts| {
            Some(ImportCounts {
                activities: counts.activities,
                transactions: counts.transactions,
                booked: counts.booked,
                flagged: counts.flagged,
                refused: counts.refused,
                unchanged: counts.unchanged,
            })
        });
        let (at, max) = (path.field("reasons"), self.limits.import_reasons_max);
        let mut reasons = self.list(at, message.reasons, max, Self::refused_reason)?;
        reasons.sort_by(|a, b| a.reason.cmp(&b.reason));
        if reasons
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a.reason == b.reason))
        {
            return self.invalid(at, "names a reason twice");
        }
        let counts = counts?;
        Some((import_id?, ImportCommand::Complete { counts, reasons }))
    }

    fn refused_reason(
        &mut self,
        path: Path<'_>,
        message: pb::RefusedReason,
    ) -> Option<RefusedReason> {
        let (code_max, name_max) = (self.limits.code_chars_max, self.limits.name_chars_max);
        let reason = self.text(path.field("reason"), message.reason, code_max);
        let at = path.field("locators");
        let locators = self.list(
            at,
            message.locators,
            LOCATORS_MAX,
            |check, path, locator| check.text(path, locator, name_max),
        );
        Some(RefusedReason {
            reason: reason?,
            count: message.count,
            locators: locators?,
        })
    }
}
