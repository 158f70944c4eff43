//! Small IATI documents, written for these tests.

use perennial_iati::{Activities, Activity, ReadError, ReadLimits};

/// The identifier of every activity that does not name another.
pub(crate) const IDENTIFIER: &str = "XM-TEST-1";

/// A document of these activities.
pub(crate) fn document(activities: &str) -> String {
    format!("<iati-activities version=\"2.03\">\n{activities}\n</iati-activities>\n")
}

/// An activity in euros that runs through 2020 and 2021, reported by XM-TEST.
pub(crate) fn activity(body: &str) -> String {
    format!(
        "<iati-activity default-currency=\"EUR\">\n\
         <iati-identifier>{IDENTIFIER}</iati-identifier>\n\
         <reporting-org ref=\"XM-TEST\" type=\"10\"><narrative>Test Ministry</narrative></reporting-org>\n\
         <title><narrative>Wells</narrative></title>\n\
         <activity-date type=\"1\" iso-date=\"2020-01-01\"/>\n\
         <activity-date type=\"3\" iso-date=\"2021-12-31\"/>\n\
         {body}\n</iati-activity>"
    )
}

/// A document of one such activity.
pub(crate) fn of(body: &str) -> String {
    document(&activity(body))
}

/// A transaction with a type, a date and a value in the activity's currency.
pub(crate) fn transaction(type_code: &str, date: &str, value: &str) -> String {
    transaction_with(type_code, date, value, "")
}

/// A transaction with further elements.
pub(crate) fn transaction_with(type_code: &str, date: &str, value: &str, more: &str) -> String {
    format!(
        "<transaction><transaction-type code=\"{type_code}\"/>\
         <transaction-date iso-date=\"{date}\"/><value value-date=\"{date}\">{value}</value>{more}</transaction>\n"
    )
}

/// Reads a whole document.
pub(crate) fn read(document: &str) -> Result<Vec<Activity>, ReadError> {
    Activities::open(document.as_bytes(), ReadLimits::default())?.collect()
}
