use std::sync::Arc;

use perennial_domain::agreement::{Firmness, YearBasis};
use perennial_domain::classification::{Code, Pillar, Vocabulary};
use perennial_domain::event::{Event, Stream};
use perennial_domain::ids::LineId;
use perennial_domain::log::{EventId, Position, Recorded, RecordedAt};
use perennial_domain::money::Currency;
use perennial_domain::party::{ExternalReference, OrgRef};
use perennial_domain::period::Period;
use perennial_domain::rule::{Breach, Figure, Override, Rule};
use perennial_views::columns::Row;
use perennial_views::day::{Day, Month};
use perennial_views::delta::{Delta, RecordMeta};
use perennial_views::dictionary::{
    CodeNo, EntityNo, Facet, FacetNo, KindNo, LineNo, Names, OrgNo, PeriodNo, SeriesKind,
};
use perennial_views::digest::StateDigest;
use perennial_views::exception::{Exception, Finding};
use perennial_views::history::{Entry, HistoryFact, Kind, Note};
use perennial_views::posting::{Measure, Register, Valued};

use super::{Malformed, Reader, Writer};

/// Appends everything that one record added. Its events' ids are written without their position, which is the
/// record's.
pub(crate) fn encode_delta(delta: &Delta, out: &mut Vec<u8>) {
    let mut writer = Writer(out);
    let writer = &mut writer;
    writer.number(delta.record.position.0);
    writer.signed(delta.record.recorded_at.0);
    writer.raw(&delta.record.record_hash);
    writer.raw(&delta.digest.0);
    names(writer, &delta.names);
    writer.list(&delta.rows, row);
    writer.list(&delta.entries, |writer, (entity, entry, said)| {
        writer.number(entity.0);
        writer.number(entry.event_id.index);
        writer.byte(entry.kind.code());
        writer.signed(entry.effective.0);
        writer.option(said.as_ref(), note);
    });
    writer.list(&delta.history, |writer, recorded| {
        writer.number(recorded.event_id.index);
        writer.bytes(&perennial_wire::stored::encode_event(&recorded.event));
    });
    writer.list(&delta.exceptions, exception);
    writer.option(delta.maker.as_deref(), Writer::text);
}

/// Reads what [`encode_delta`] wrote, to the last byte.
pub(crate) fn decode_delta(bytes: &[u8]) -> Result<Delta, Malformed> {
    let mut reader = Reader(bytes);
    let reader = &mut reader;
    let record = RecordMeta {
        position: Position(reader.number()?),
        recorded_at: RecordedAt(reader.signed()?),
        record_hash: reader.array()?,
    };
    let of_record = OfRecord(record);
    let delta = Delta {
        record,
        digest: StateDigest(reader.array()?),
        names: read_names(reader)?,
        rows: reader.list(read_row)?,
        entries: reader.list(|reader| of_record.entry(reader))?,
        history: reader.list(|reader| of_record.fact(reader))?,
        exceptions: reader.list(|reader| of_record.exception(reader))?,
        maker: reader.option(Reader::shared_text)?,
    };
    if reader.is_empty() {
        Ok(delta)
    } else {
        Err(Malformed::new("it goes on after its end"))
    }
}

/// Reads what belongs to the record's events.
struct OfRecord(RecordMeta);

impl OfRecord {
    fn event_id(&self, reader: &mut Reader<'_>) -> Result<EventId, Malformed> {
        Ok(EventId {
            position: self.0.position,
            index: reader.number()?,
        })
    }

    fn entry(&self, reader: &mut Reader<'_>) -> Result<(EntityNo, Entry, Option<Note>), Malformed> {
        let entity = EntityNo(reader.number()?);
        let event_id = self.event_id(reader)?;
        let kind =
            Kind::of_code(reader.byte()?).ok_or_else(|| Malformed::new("an event of no kind"))?;
        let effective = Day(reader.signed()?);
        Ok((
            entity,
            Entry {
                event_id,
                kind,
                effective,
            },
            reader.option(read_note)?,
        ))
    }

    fn fact(&self, reader: &mut Reader<'_>) -> Result<HistoryFact, Malformed> {
        let event_id = self.event_id(reader)?;
        let decoded = perennial_wire::stored::decode_event(reader.bytes()?);
        let event: Event = decoded.map_err(|error| Malformed(error.to_string()))?;
        Ok(Arc::new(Recorded {
            event_id,
            recorded_at: self.0.recorded_at,
            event,
        }))
    }

    fn exception(&self, reader: &mut Reader<'_>) -> Result<Exception, Malformed> {
        Ok(Exception {
            event_id: self.event_id(reader)?,
            entity: EntityNo(reader.number()?),
            effective: Day(reader.signed()?),
            finding: match reader.byte()? {
                0 => Finding::Breach(Arc::new(read_breach(reader)?)),
                1 => Finding::Remark(reader.shared_text()?),
                _ => return Err(Malformed::new("a finding of no kind")),
            },
            permitted: reader.option(read_override)?.map(Arc::new),
        })
    }
}

fn names(writer: &mut Writer<'_>, names: &Names) {
    writer.list(&names.entities, |writer, stream| {
        writer.text(&stream.to_string());
    });
    writer.list(&names.lines, |writer, (entity, line_id)| {
        writer.number(entity.0);
        writer.text(line_id.as_str());
    });
    writer.list(&names.orgs, org);
    writer.list(&names.periods, |writer, period| {
        let (first, last) = (Day::of(period.starts_on()).0, Day::of(period.ends_on()).0);
        writer.signed(first);
        writer.number(last.abs_diff(first));
    });
    writer.list(&names.codes, |writer, code| {
        writer.byte(vocabulary_code(code.vocabulary));
        writer.text(&code.code);
    });
    writer.list(&names.facets, |writer, facet| {
        writer.number(facet.entity.0);
        writer.option(facet.line, |writer, line| writer.number(line.0));
        writer.option(facet.provider, |writer, org| writer.number(org.0));
        writer.option(facet.receiver, |writer, org| writer.number(org.0));
        writer.option(facet.pillar, |writer, pillar| {
            writer.byte(pillar_code(pillar));
        });
        writer.option(facet.purpose, |writer, code| writer.number(code.0));
        writer.option(facet.place, |writer, code| writer.number(code.0));
    });
    writer.list(&names.kinds, |writer, kind| {
        writer.byte(kind.measure.code());
        writer.raw(kind.currency.code().as_bytes());
        writer.number(kind.month.0);
        writer.option(kind.period, |writer, period| writer.number(period.0));
        writer.option(kind.basis, |writer, basis| {
            writer.byte(basis_code(basis));
        });
        writer.byte(firmness_code(kind.firmness));
        writer.option(kind.concerns, |writer, period| writer.number(period.0));
        writer.byte(kind.register.code());
        writer.byte(kind.valued.code());
    });
}

fn read_names(reader: &mut Reader<'_>) -> Result<Names, Malformed> {
    Ok(Names {
        entities: reader.list(|reader| {
            Stream::parse(reader.str()?).ok_or_else(|| Malformed::new("a stream without a name"))
        })?,
        lines: reader.list(|reader| {
            let entity = EntityNo(reader.number()?);
            let line_id =
                LineId::parse(reader.str()?).map_err(|error| Malformed(error.to_string()))?;
            Ok((entity, line_id))
        })?,
        orgs: reader.list(read_org)?,
        periods: reader.list(read_period)?,
        codes: reader.list(|reader| {
            Ok(Code {
                vocabulary: read_vocabulary(reader)?,
                code: reader.shared_text()?,
            })
        })?,
        facets: reader.list(|reader| {
            Ok(Facet {
                entity: EntityNo(reader.number()?),
                line: reader.option(|reader| reader.number().map(LineNo))?,
                provider: reader.option(|reader| reader.number().map(OrgNo))?,
                receiver: reader.option(|reader| reader.number().map(OrgNo))?,
                pillar: reader.option(read_pillar)?,
                purpose: reader.option(|reader| reader.number().map(CodeNo))?,
                place: reader.option(|reader| reader.number().map(CodeNo))?,
            })
        })?,
        kinds: reader.list(read_kind)?,
    })
}

fn read_period(reader: &mut Reader<'_>) -> Result<Period, Malformed> {
    let first: i32 = reader.signed()?;
    let last = first
        .checked_add_unsigned(reader.number()?)
        .ok_or_else(|| Malformed::new("a period without end"))?;
    Period::new(Day(first).date(), Day(last).date()).map_err(|error| Malformed(error.to_string()))
}

fn read_kind(reader: &mut Reader<'_>) -> Result<SeriesKind, Malformed> {
    let measure =
        Measure::of_code(reader.byte()?).ok_or_else(|| Malformed::new("a kind of no measure"))?;
    let currency = std::str::from_utf8(reader.raw(3)?)
        .map_err(|_| Malformed::new("a currency without a code"))?;
    Ok(SeriesKind {
        measure,
        currency: Currency::parse(currency).map_err(|error| Malformed(error.to_string()))?,
        month: Month(reader.number()?),
        period: reader.option(|reader| reader.number().map(PeriodNo))?,
        basis: reader.option(read_basis)?,
        firmness: read_firmness(reader)?,
        concerns: reader.option(|reader| reader.number().map(PeriodNo))?,
        register: Register::of_code(reader.byte()?)
            .ok_or_else(|| Malformed::new("a kind of no register"))?,
        valued: Valued::of_code(reader.byte()?)
            .ok_or_else(|| Malformed::new("a kind of no amount"))?,
    })
}

fn org(writer: &mut Writer<'_>, org: &OrgRef) {
    writer.option(org.id.as_deref(), Writer::text);
    writer.option(org.name.as_deref(), Writer::text);
    writer.option(org.type_code, Writer::number);
    writer.byte(u8::from(org.derived));
}

fn read_org(reader: &mut Reader<'_>) -> Result<OrgRef, Malformed> {
    Ok(OrgRef {
        id: reader.option(Reader::shared_text)?,
        name: reader.option(Reader::shared_text)?,
        type_code: reader.option(Reader::number)?,
        derived: reader.byte()? != 0,
    })
}

fn row(writer: &mut Writer<'_>, row: &Row) {
    writer.number(row.index);
    writer.number(row.facet.0);
    writer.number(row.kind.0);
    writer.signed(row.day.0);
    writer.signed(row.minor_units);
    writer.signed(row.entries);
    writer.option(row.period, |writer, period| writer.number(period.0));
}

fn read_row(reader: &mut Reader<'_>) -> Result<Row, Malformed> {
    Ok(Row {
        index: reader.number()?,
        facet: FacetNo(reader.number()?),
        kind: KindNo(reader.number()?),
        day: Day(reader.signed()?),
        minor_units: reader.signed()?,
        entries: reader.signed()?,
        period: reader.option(|reader| reader.number().map(PeriodNo))?,
    })
}

fn note(writer: &mut Writer<'_>, note: &Note) {
    writer.option(note.external_reference.as_ref(), |writer, external| {
        writer.text(&external.system);
        writer.text(&external.reference);
    });
    writer.option(note.reference.as_deref(), Writer::text);
    writer.option(note.reason.as_deref(), Writer::text);
    writer.option(note.target, |writer, target| {
        writer.number(target.position.0);
        writer.number(target.index);
    });
    writer.number(note.documents);
}

fn read_note(reader: &mut Reader<'_>) -> Result<Note, Malformed> {
    Ok(Note {
        external_reference: reader.option(|reader| {
            Ok(ExternalReference {
                system: reader.shared_text()?,
                reference: reader.shared_text()?,
            })
        })?,
        reference: reader.option(Reader::owned_text)?,
        reason: reader.option(Reader::owned_text)?,
        target: reader.option(|reader| {
            Ok(EventId {
                position: Position(reader.number()?),
                index: reader.number()?,
            })
        })?,
        documents: reader.number()?,
    })
}

fn exception(writer: &mut Writer<'_>, exception: &Exception) {
    writer.number(exception.event_id.index);
    writer.number(exception.entity.0);
    writer.signed(exception.effective.0);
    match &exception.finding {
        Finding::Breach(breach) => {
            writer.byte(0);
            writer.text(breach.rule.code());
            writer.text(&breach.subject);
            writer.list(&breach.figures, |writer, figure| {
                writer.text(&figure.name);
                writer.text(&figure.value);
            });
        }
        Finding::Remark(remark) => {
            writer.byte(1);
            writer.text(remark);
        }
    }
    writer.option(exception.permitted.as_deref(), |writer, permitted| {
        writer.text(permitted.rule.code());
        writer.text(&permitted.reason);
        writer.option(permitted.approver.as_deref(), Writer::text);
    });
}

fn read_override(reader: &mut Reader<'_>) -> Result<Override, Malformed> {
    Ok(Override {
        rule: read_rule(reader)?,
        reason: reader.owned_text()?,
        approver: reader.option(Reader::owned_text)?,
    })
}

fn read_rule(reader: &mut Reader<'_>) -> Result<Rule, Malformed> {
    let rule = Rule::parse(reader.str()?);
    rule.ok_or_else(|| Malformed::new("a breach of no rule"))
}

fn read_breach(reader: &mut Reader<'_>) -> Result<Breach, Malformed> {
    Ok(Breach {
        rule: read_rule(reader)?,
        subject: reader.owned_text()?,
        figures: reader.list(|reader| {
            Ok(Figure {
                name: reader.owned_text()?,
                value: reader.owned_text()?,
            })
        })?,
    })
}

const fn pillar_code(pillar: Pillar) -> u8 {
    match pillar {
        Pillar::Humanitarian => 1,
        Pillar::Development => 2,
        Pillar::Peace => 3,
        Pillar::Unallocable => 4,
    }
}

fn read_pillar(reader: &mut Reader<'_>) -> Result<Pillar, Malformed> {
    let code = reader.byte()?;
    let pillar = Pillar::ALL
        .into_iter()
        .find(|&pillar| pillar_code(pillar) == code);
    pillar.ok_or_else(|| Malformed::new("a pillar of no code"))
}

const fn vocabulary_code(vocabulary: Vocabulary) -> u8 {
    match vocabulary {
        Vocabulary::DacPurpose => 1,
        Vocabulary::DacCategory => 2,
        Vocabulary::Country => 3,
        Vocabulary::Region => 4,
    }
}

fn read_vocabulary(reader: &mut Reader<'_>) -> Result<Vocabulary, Malformed> {
    match reader.byte()? {
        1 => Ok(Vocabulary::DacPurpose),
        2 => Ok(Vocabulary::DacCategory),
        3 => Ok(Vocabulary::Country),
        4 => Ok(Vocabulary::Region),
        _ => Err(Malformed::new("a code list of no code")),
    }
}

const fn firmness_code(firmness: Firmness) -> u8 {
    match firmness {
        Firmness::Firm => 0,
        Firmness::SubjectToAppropriation => 1,
        Firmness::Indicative => 2,
    }
}

fn read_firmness(reader: &mut Reader<'_>) -> Result<Firmness, Malformed> {
    let code = reader.byte()?;
    let firmness = Firmness::ALL
        .into_iter()
        .find(|&firmness| firmness_code(firmness) == code);
    firmness.ok_or_else(|| Malformed::new("a firmness of no code"))
}

const fn basis_code(basis: YearBasis) -> u8 {
    match basis {
        YearBasis::Scheduled => 1,
        YearBasis::Budgeted => 2,
        YearBasis::Prorated => 3,
        YearBasis::SigningYear => 4,
    }
}

fn read_basis(reader: &mut Reader<'_>) -> Result<YearBasis, Malformed> {
    match reader.byte()? {
        1 => Ok(YearBasis::Scheduled),
        2 => Ok(YearBasis::Budgeted),
        3 => Ok(YearBasis::Prorated),
        4 => Ok(YearBasis::SigningYear),
        _ => Err(Malformed::new("a year basis of no code")),
    }
}
