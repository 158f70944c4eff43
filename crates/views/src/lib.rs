//! Postings, entity histories, and every view as a query over them. Pure.
