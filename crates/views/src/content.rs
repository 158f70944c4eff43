//! Content hashes of published lists: what makes two versions the same.
//!
//! Hashed is a text of lines, each ended by a line feed, fields separated by a tab; texts hold neither (requests are
//! checked for control characters). A list's own name and version are no part of it, and neither is a hash that it
//! carries.

use perennial_domain::Date;
use perennial_domain::exchange::{RateTable, TableRate};
use perennial_domain::reference::{
    CodeOrigin, Codelist, CodelistEntry, ListVersion, PillarRule, PillarTable, Scheme,
};
use sha2::{Digest as _, Sha256};

use crate::mapping::table_text;

/// SHA-256 of what a code list says: `title<TAB>TITLE`, then `code<TAB>CODE<TAB>TITLE` in order.
pub fn codelist_hash(codelist: &Codelist) -> [u8; 32] {
    let mut text = String::new();
    line(&mut text, &["title", &codelist.title]);
    for CodelistEntry { code, title } in &codelist.codes {
        line(&mut text, &["code", code, title]);
    }
    hash(&text)
}

/// SHA-256 of what a table of rates says: `rate`, base, quote, day and value without closing zeros, ascending by base, quote
/// and day.
pub fn rate_table_hash(table: &RateTable) -> [u8; 32] {
    let mut rates: Vec<&TableRate> = table.rates.iter().collect();
    rates.sort_by_key(|rate| (rate.base, rate.quote, rate.rate_on));
    let mut text = String::new();
    for rate in rates {
        let (day, value) = (rate.rate_on.to_string(), rate.value.normalize().to_string());
        let pair = (rate.base.code(), rate.quote.code());
        line(&mut text, &["rate", pair.0, pair.1, &day, &value]);
    }
    hash(&text)
}

/// SHA-256 of what a pillar mapping says, as [`crate::PillarMapping::content_hash`] has it.
pub fn pillar_table_hash(table: &PillarTable) -> [u8; 32] {
    let mut rules: Vec<&PillarRule> = table.rules.iter().collect();
    rules.sort();
    let rules = rules.into_iter().map(|rule| (&*rule.prefix, rule.pillar));
    hash(&table_text(
        rules,
        (table.otherwise, table.unclassified),
        table.reads_humanitarian_flag,
    ))
}

/// SHA-256 of what a scheme says: `title`, `partition` (`true`, `false`), `code_origin` (`official`, `ours`), `valid`
/// with first and last day, `supersedes`, then `element` with code, title, parent and `verified` or `unverified` in
/// order; `-` stands for what is absent.
pub fn scheme_hash(scheme: &Scheme) -> [u8; 32] {
    let day = |date: Option<Date>| date.map_or_else(|| "-".to_owned(), |date| date.to_string());
    let mut text = String::new();
    line(&mut text, &["title", &scheme.title]);
    let partition = if scheme.partition { "true" } else { "false" };
    line(&mut text, &["partition", partition]);
    let origin = match scheme.code_origin {
        CodeOrigin::Official => "official",
        CodeOrigin::Ours => "ours",
    };
    line(&mut text, &["code_origin", origin]);
    let (from, to) = (day(scheme.valid_from), day(scheme.valid_to));
    line(&mut text, &["valid", &from, &to]);
    let supersedes = scheme.supersedes.as_ref().map(ListVersion::to_string);
    line(
        &mut text,
        &["supersedes", supersedes.as_deref().unwrap_or("-")],
    );
    for element in &scheme.elements {
        let parent = element.parent.as_deref().unwrap_or("-");
        let verified = if element.verified {
            "verified"
        } else {
            "unverified"
        };
        line(
            &mut text,
            &["element", &element.code, &element.title, parent, verified],
        );
    }
    hash(&text)
}

fn line(text: &mut String, fields: &[&str]) {
    text.push_str(&fields.join("\t"));
    text.push('\n');
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}
