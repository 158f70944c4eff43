use perennial_export::cell::Cell;
use perennial_export::csv_rows::CsvRows;

/// Writes one row of `cells` under the columns `a`, `b` … and returns the file.
fn csv(cells: &[Cell]) -> String {
    let columns = ["a", "b", "c", "d", "e", "f", "g"];
    let leading = [
        ("position", "41".to_owned()),
        ("recorded_at", "2027-01-31T12:00:00Z".to_owned()),
    ];
    let mut bytes = Vec::new();
    let mut rows = CsvRows::begin(&mut bytes, &leading, &columns[..cells.len()]).unwrap();
    rows.row(cells).unwrap();
    rows.end().unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn every_row_begins_with_where_it_stands_in_time() {
    let file = csv(&[Cell::text("Sida"), Cell::Count(3)]);
    assert_eq!(
        file,
        "position,recorded_at,a,b\r\n41,2027-01-31T12:00:00Z,Sida,3\r\n"
    );
}

#[test]
fn text_that_a_spreadsheet_would_run_is_made_harmless() {
    for formula in ["=1+1", "+49", "-x", "@SUM", "\tx"] {
        let file = csv(&[Cell::text(formula)]);
        assert!(file.ends_with(&format!(",'{formula}\r\n")), "{file}");
    }
    assert!(csv(&[Cell::text("\rx")]).ends_with(",\"'\rx\"\r\n"));
    assert!(csv(&[Cell::text("a=b")]).ends_with(",a=b\r\n"));
}

#[test]
fn a_negative_amount_stays_a_number() {
    let file = csv(&[Cell::Amount("-150.00".to_owned())]);
    assert!(file.ends_with(",-150.00\r\n"), "{file}");
}

#[test]
fn commas_quotes_and_line_breaks_are_quoted() {
    let file = csv(&[
        Cell::text("a,b"),
        Cell::text("say \"x\""),
        Cell::text("two\nlines"),
    ]);
    assert!(
        file.ends_with(",\"a,b\",\"say \"\"x\"\"\",\"two\nlines\"\r\n"),
        "{file}"
    );
}

#[test]
fn what_is_not_known_is_an_empty_cell() {
    let donor = Cell::Object(vec![
        ("id".to_owned(), Cell::text("SE-6")),
        ("name".to_owned(), Cell::Nothing),
    ]);
    let file = csv(&[Cell::Nothing, Cell::Flag(true), donor]);
    assert!(file.ends_with(",,yes,SE-6\r\n"), "{file}");
}

#[test]
fn an_object_becomes_one_column_for_each_member() {
    let donor = Cell::Object(vec![
        ("id".to_owned(), Cell::text("SE-6")),
        ("name".to_owned(), Cell::text("Sida")),
    ]);
    let row = Cell::Object(vec![
        ("donor".to_owned(), donor),
        ("entries".to_owned(), Cell::Count(2)),
    ]);
    let names: Vec<String> = row.flat("").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["donor_id", "donor_name", "entries"]);
    assert_eq!(row.at("donor.name"), &Cell::text("Sida"));
    assert_eq!(row.at("recipient.name"), &Cell::Nothing);
}
