//! Series of different agreements that every ledger-wide question reads alike, as one cell.
//!
//! A facet names an agreement and a line; its class says only what ledger-wide questions look at: direction, parties and
//! classification. Cells are series with the class in the facet's place. Their sums answer all questions that do not
//! ask for single agreements, and there are far fewer of them. A class never
//! changes: it has the classification that its line was opened with, and a question puts a later one in its place
//! (ADR-0011).

use perennial_domain::classification::{Code, Pillar, Share, Split, WHOLE_PPM};

use crate::dictionary::{CodeNo, Dictionary, Facet, FacetNo, KindNo, OrgNo, SeriesKind, Table};
use crate::history::{DimsNo, Histories, LineHead};
use crate::numbers::NumberHash;
use crate::posting::Direction;

/// A class's dense number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassNo(pub u32);

/// A cell's dense number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellNo(pub u32);

impl ClassNo {
    /// Its place in a dense table.
    pub fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl CellNo {
    /// Its place in a dense table.
    pub fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// What ledger-wide questions look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Class {
    /// Whether the money comes or leaves.
    pub direction: Direction,
    /// Who gives: the posting's provider, else the line's, else the agreement's.
    pub donor: Option<OrgNo>,
    /// Who receives, likewise.
    pub recipient: Option<OrgNo>,
    /// The classification that the line was opened with, in what a lens gives out the one that it reads under; with the
    /// purpose and place that the posting itself names in its place.
    pub dims: Option<DimsNo>,
    /// The pillar that the posting itself names.
    pub pillar: Option<Pillar>,
}

/// A series with the class in the facet's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cell {
    /// Whose money it is.
    pub class: ClassNo,
    /// The rest.
    pub kind: SeriesKind,
}

/// All classes and cells. It follows from the dictionary, the histories and the rows, and is never stored.
#[derive(Clone, Debug, Default)]
pub struct Cube {
    classes: Table<Class, NumberHash>,
    cells: Vec<Cell>,
    numbers: Table<(ClassNo, KindNo), NumberHash>,
    of_facet: Vec<Option<ClassNo>>,
    kinds: Vec<SeriesKind>,
}

impl Cube {
    /// Takes in the facets and kinds that are new since the last call. The histories hold their agreements and lines.
    pub fn extend(&mut self, dictionary: &Dictionary, histories: &mut Histories) {
        for facet in dictionary.facets.items().iter().skip(self.of_facet.len()) {
            let class = class_of(dictionary, histories, facet);
            let number = class.map(|class| ClassNo(self.classes.intern(&class)));
            self.of_facet.push(number);
        }
        let kinds = dictionary.kinds.items().iter().skip(self.kinds.len());
        self.kinds.extend(kinds);
    }

    /// The cell of a row, a new one if it is new; `None` only if nothing is known of its agreement.
    pub fn cell(&mut self, facet: FacetNo, kind: KindNo) -> Option<CellNo> {
        let class = self.class_of(facet)?;
        let series = *self.kinds.get(kind.index())?;
        let number = self.numbers.intern(&(class, kind));
        if self.cells.len() < self.numbers.len() {
            self.cells.push(Cell {
                class,
                kind: series,
            });
        }
        Some(CellNo(number))
    }

    /// The class of a facet; `None` only if nothing is known of its agreement.
    pub fn class_of(&self, facet: FacetNo) -> Option<ClassNo> {
        self.of_facet.get(facet.index()).copied().flatten()
    }

    /// A class.
    pub fn class(&self, class: ClassNo) -> Option<&Class> {
        self.classes.get(class.index())
    }

    /// How many classes there are.
    pub fn classes(&self) -> usize {
        self.classes.len()
    }

    /// All cells, by number.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }
}

fn class_of(dictionary: &Dictionary, histories: &mut Histories, facet: &Facet) -> Option<Class> {
    let head = histories.entity(facet.entity)?.head?;
    let line = facet.line.and_then(|line| histories.line(line));
    let counterparty = line.and_then(|line| line.counterparty);
    let dims = line.and_then(LineHead::dims);
    let dims = classified(dictionary, histories, facet, dims);
    let (line_donor, line_recipient) = match head.direction {
        Direction::Incoming => (counterparty, None),
        Direction::Outgoing => (None, counterparty),
    };
    let identity = |org: Option<OrgNo>| org.map(|org| dictionary.identity(org));
    Some(Class {
        direction: head.direction,
        donor: identity(facet.provider.or(line_donor).or(head.provider)),
        recipient: identity(facet.receiver.or(line_recipient).or(head.recipient)),
        dims,
        pillar: facet.pillar,
    })
}

/// The classification of a facet: its line's, with the purpose and place that the event itself names in their place.
fn classified(
    dictionary: &Dictionary,
    histories: &mut Histories,
    facet: &Facet,
    dims: Option<DimsNo>,
) -> Option<DimsNo> {
    let code = |number: Option<CodeNo>| dictionary.codes.get(number?.index());
    let (purpose, place) = (code(facet.purpose), code(facet.place));
    if purpose.is_none() && place.is_none() {
        return dims;
    }
    let own = dims.and_then(|dims| histories.dims_of(dims));
    let mut named = own.cloned().unwrap_or_default();
    if let Some(purposes) = purpose.and_then(whole) {
        named.purposes = purposes;
    }
    if let Some(places) = place.and_then(whole) {
        named.places = places;
    }
    Some(histories.intern_dims(&named))
}

/// The split that gives everything to one code.
fn whole(code: &Code) -> Option<Split> {
    let share = Share {
        vocabulary: code.vocabulary,
        code: code.code.clone(),
        share_ppm: WHOLE_PPM,
    };
    Split::exact(vec![share]).ok()
}
