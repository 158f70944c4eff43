//! Prints an answer: as a document, as lines, as CSV, or as a table for people.

use perennial_export::cell::Cell;
use perennial_export::csv_rows::CsvRows;
use perennial_views::{Published, View};
use serde_json::Value;

use super::{Listing, ViewName};
use crate::cli::OutputFormat;
use crate::failure::{Exit, Failure};
use crate::session::Session;

/// Prints an answer as asked.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn print_listing(session: &Session, listing: &Listing) -> Result<(), Failure> {
    let console = &session.console;
    match console.format() {
        OutputFormat::Json => console.json(&document(listing)),
        OutputFormat::Ndjson => listing
            .rows
            .iter()
            .try_for_each(|row| console.json(&row.json())),
        OutputFormat::Csv => console.raw(&csv(listing)?),
        OutputFormat::Table => {
            print_rows(session, listing)?;
            footnotes(session, listing);
            Ok(())
        }
    }
}

/// Prints the rows of an answer as a table for people.
///
/// # Errors
/// If it cannot be written.
pub(super) fn print_rows(session: &Session, listing: &Listing) -> Result<(), Failure> {
    let rows = match listing.rows.as_slice() {
        [row] if listing.one => return fields(session, row),
        rows => rows,
    };
    let present =
        |column: &&str| rows.is_empty() || rows.iter().any(|row| row.at(column) != &Cell::Nothing);
    let columns = table_columns(listing.view).split_whitespace();
    let columns: Vec<&str> = columns.filter(present).collect();
    let cells: Vec<Vec<Cell>> = rows
        .iter()
        .map(|row| columns.iter().map(|column| shown(row.at(column))).collect())
        .collect();
    session.console.table(&columns, &cells)
}

/// The stable document of an answer.
fn document(listing: &Listing) -> Value {
    let read_info = listing.read_info.json();
    match listing.rows.as_slice() {
        [row] if listing.one => {
            let mut document = row.json();
            if let Value::Object(members) = &mut document {
                members.insert("read_info".to_owned(), read_info);
            }
            document
        }
        rows => {
            let rows: Vec<Value> = rows.iter().map(Cell::json).collect();
            serde_json::json!({ "read_info": read_info, "rows": rows })
        }
    }
}

fn csv(listing: &Listing) -> Result<String, Failure> {
    let failed = |error: &(dyn std::error::Error + 'static)| {
        Failure::caused(Exit::Other, "write CSV", error)
    };
    let flat: Vec<Vec<(String, Cell)>> = listing.rows.iter().map(|row| row.flat("")).collect();
    // An object that is absent in some rows is one column there and several elsewhere: the widest row decides.
    let widest = flat
        .iter()
        .max_by_key(|row| row.len())
        .cloned()
        .unwrap_or_default();
    let columns: Vec<String> = widest.into_iter().map(|(name, _)| name).collect();
    let leading = ["position", "recorded_at", "effective_as_of"]
        .map(|name| (name, listing.read_info.at(name).plain()));
    let mut bytes = Vec::new();
    let mut rows =
        CsvRows::begin(&mut bytes, &leading, &columns).map_err(|error| failed(&error))?;
    for row in &flat {
        let cell = |column: &String| {
            row.iter()
                .find(|(name, _)| name == column)
                .map_or(&Cell::Nothing, |(_, cell)| cell)
        };
        rows.row(columns.iter().map(cell))
            .map_err(|error| failed(&error))?;
    }
    rows.end().map_err(|error| failed(&error))?;
    String::from_utf8(bytes).map_err(|error| failed(&error))
}

/// Characters of one cell of a table; documents and CSV have the whole text.
const CELL_CHARACTERS: usize = 48;

/// A party is shown by its name, else by its id; long texts are cut.
fn shown(cell: &Cell) -> Cell {
    let text = |member: &str| Some(cell.at(member).plain()).filter(|text| !text.is_empty());
    let text = text("name").or_else(|| text("id"));
    let cell = text.map_or_else(|| cell.clone(), Cell::Text);
    let plain = cell.plain();
    if cell.is_number() || plain.chars().count() <= CELL_CHARACTERS {
        return cell;
    }
    let start = plain.chars().take(CELL_CHARACTERS.saturating_sub(1));
    Cell::Text(start.chain("…".chars()).collect())
}

/// One row as lines, for people.
fn fields(session: &Session, row: &Cell) -> Result<(), Failure> {
    let rows: Vec<Vec<Cell>> = row
        .flat("")
        .into_iter()
        .filter(|(_, cell)| !cell.plain().is_empty())
        .map(|(name, cell)| vec![Cell::text(name.replace('_', " ")), cell])
        .collect();
    session.console.table(&["field", "value"], &rows)
}

/// What the totals contain, and from what they were computed.
fn footnotes(session: &Session, listing: &Listing) {
    let info = &listing.read_info;
    if let Cell::List(notes) = info.at("notes") {
        for note in notes {
            session.console.say(&format!("note: {}", note.plain()));
        }
    }
    if listing.cut {
        session.console.say("there are more rows (--limit)");
    }
    let effective = match info.at("effective_as_of").plain().as_str() {
        "" => "without a cut-off date".to_owned(),
        date => format!("as true on {date}"),
    };
    let restated = if info.at("restated") == &Cell::Flag(true) {
        " (restated)"
    } else {
        ""
    };
    session.console.say(&format!(
        "as known at position {} ({}), {effective}, calendar {}{restated}, mapping {}",
        info.at("position").plain(),
        info.at("recorded_at").plain(),
        info.at("fiscal_calendar").plain(),
        info.at("pillar_mapping.name").plain(),
    ));
}

/// What of a row fits a table; documents and CSV have everything.
fn table_columns(view: ViewName) -> &'static str {
    match View::from(view) {
        View::Agreement => {
            "agreement_id title direction provider recipient currency committed disbursed received \
             undisbursed ends_on status"
        }
        View::Timeline => {
            "event_id kind effective_on recorded_at currency change.committed change.disbursed \
             change.received effective_running.undisbursed reason"
        }
        View::Pledges => {
            "pledge_id direction donor recipient currency announced_on pledged converted withdrawn \
             outstanding disbursed"
        }
        View::ByYear => {
            "agreement_id direction year currency year_basis firmness committed moved carried_in \
             carried_out disbursed received scheduled remaining overdrawn"
        }
        View::Nexus => {
            "direction donor recipient country year pillar currency year_basis committed disbursed \
             received expended"
        }
        View::MultiYear => {
            "direction currency agreements amount multi_year_agreements multi_year_amount \
             unknown_agreements"
        }
        View::Registers => "iati_type currency entries amount",
        View::Movements => {
            "direction currency year opening signed increases decreases paid refunds write_offs closing"
        }
        View::Maturity => {
            "direction currency firmness under_one_year one_to_five_years over_five_years undisbursed \
             overdrawn"
        }
        View::Exceptions => {
            "rule reason subject event_id effective_on count standing disposition.state values"
        }
        View::Overrides => {
            "rule subject event_id effective_on reason maker approver disposition.state values"
        }
        View::Scheme => {
            "scheme direction agreement_id donor recipient part element title year currency year_basis \
             committed committed_multi_year disbursed"
        }
        View::Coverage => {
            "plan_id objective objective_title year currency required committed disbursed gap over covered_ppm"
        }
        View::Calendars => {
            "calendar_id label starts_on ends_on state closed_on grace_days closed_from reopened_on \
             reopen_reason reopen_approver gap_reason pattern"
        }
        View::Published(of) => listed_columns(of),
        View::CashForecast => {
            "due_on agreement_id tranche_id direction provider recipient currency scheduled open \
             days_late outstanding"
        }
        View::Reallocations => {
            "agreement_id heading event_id effective_on currency moved counted cumulative limit \
             used_ppm amendment legal_basis reversed"
        }
    }
}

/// The same, of what is published.
const fn listed_columns(of: Published) -> &'static str {
    match of {
        Published::PillarMappings => {
            "mapping in_force rules otherwise unclassified reads_humanitarian_flag effective_on event_id"
        }
        Published::PillarRules => "prefix pillar",
        Published::Schemes => {
            "scheme in_force elements partition title valid_from valid_to supersedes effective_on event_id"
        }
        Published::SchemeElements => "code parent title verified",
        Published::Codelists => "codelist in_force codes title effective_on event_id",
        Published::Codes => "code title",
        Published::RateTables => "table rates pairs first_on last_on restated event_id recorded_at",
        Published::Rates => "base quote value rate_on restated_by",
        Published::Organisations => {
            "organisation.id organisation.name type_code registered_on merged_on shown_as merge_reason \
             locality assessment_method assessed_on event_id"
        }
    }
}
