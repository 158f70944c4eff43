//! XML events from bytes: encodings, line numbers, limits, and no entity that was declared in the file.

use std::io::{self, BufRead, Read};

use quick_xml::XmlVersion;
use quick_xml::encoding::DecodingReader;
use quick_xml::errors::Error;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

use super::{ReadError, ReadLimits};

/// Elements that are looked at; any other is read over.
const ELEMENTS: &[&str] = &[
    "iati-activities",
    "iati-activity",
    "transaction",
    "transaction-type",
    "transaction-date",
    "value",
    "narrative",
    "provider-org",
    "receiver-org",
    "sector",
    "recipient-country",
    "recipient-region",
    "iati-identifier",
    "reporting-org",
    "title",
    "description",
    "participating-org",
    "other-identifier",
    "activity-status",
    "activity-date",
    "related-activity",
    "budget",
    "period-start",
    "period-end",
    "planned-disbursement",
];

/// Attributes that are looked at.
const ATTRIBUTES: &[&str] = &[
    "code",
    "ref",
    "type",
    "iso-date",
    "currency",
    "value-date",
    "percentage",
    "vocabulary",
    "role",
    "humanitarian",
    "status",
    "default-currency",
    "hierarchy",
    "generated-datetime",
    "version",
];

/// A start tag: of a known element, with its known attributes.
#[derive(Debug)]
pub(super) struct Tag {
    /// The element, or the empty text for one that is read over.
    pub(super) name: &'static str,
    /// Line of the tag.
    pub(super) line: u64,
    attributes: Vec<(&'static str, String)>,
}

impl Tag {
    /// Takes an attribute's text: cleaned, and only if anything is left of it.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let at = self.attributes.iter().position(|entry| entry.0 == name)?;
        Some(self.attributes.swap_remove(at).1).filter(|text| !text.is_empty())
    }
}

/// What comes next in the document.
#[derive(Debug)]
pub(super) enum Node {
    /// A start tag. An empty element is a start tag and an end tag.
    Open(Tag),
    /// An end tag.
    Close,
    /// Character data, as written; never empty.
    Text(String),
    /// The end of the bytes, with every element closed.
    End,
}

/// The document as a sequence of [`Node`]s.
pub(super) struct Source<R> {
    reader: Reader<Counted<DecodingReader<Prefixed<R>>>>,
    buffer: Vec<u8>,
    limits: ReadLimits,
    depth: u32,
    activity_from: Option<u64>,
    /// Name of the first element, for the error that it is another one than expected.
    pub(super) first_element: Option<String>,
}

impl<R: BufRead> Source<R> {
    pub(super) fn open(mut inner: R, limits: ReadLimits) -> Result<Self, ReadError> {
        let prefix = read_prefix(&mut inner)?;
        let declared = declared_encoding(&prefix);
        let mut decoding = DecodingReader::new(Prefixed {
            prefix,
            at: 0,
            rest: inner,
        });
        if let Some(name) = declared {
            let declaration = BytesDecl::new("1.0", Some(name.as_str()), None);
            let Some(encoding) = declaration.encoder() else {
                return Err(ReadError::Encoding {
                    line: 1,
                    problem: format!("unknown encoding \"{name}\""),
                });
            };
            // An ASCII declaration that claims 16-bit units is wrong about itself: then UTF-8 is tried.
            if encoding.is_ascii_compatible() {
                decoding.set_encoding(encoding);
            }
        }
        let mut reader = Reader::from_reader(Counted::new(decoding, &limits));
        reader.config_mut().expand_empty_elements = true;
        Ok(Self {
            reader,
            buffer: Vec::new(),
            limits,
            depth: 0,
            activity_from: None,
            first_element: None,
        })
    }

    /// The line reading has come to.
    pub(super) fn line(&self) -> u64 {
        self.reader.get_ref().line
    }

    /// From here on the size of one activity is counted.
    pub(super) fn begin_activity(&mut self) {
        self.activity_from = Some(self.reader.get_ref().bytes);
    }

    /// The activity is over.
    pub(super) fn end_activity(&mut self) {
        self.activity_from = None;
    }

    pub(super) fn next(&mut self) -> Result<Node, ReadError> {
        loop {
            if let Some(node) = self.event()? {
                return Ok(node);
            }
        }
    }

    fn event(&mut self) -> Result<Option<Node>, ReadError> {
        self.check_activity_size()?;
        self.buffer.clear();
        self.reader.get_mut().begin_event();
        let event = match self.reader.read_event_into(&mut self.buffer) {
            Ok(event) => event,
            Err(error) => {
                let opened = self.first_element.is_some();
                return Err(self.reader.get_mut().explain(error, opened));
            }
        };
        let line = self.reader.get_ref().line;
        match event {
            Event::Start(start) | Event::Empty(start) => {
                self.depth = self.depth.saturating_add(1);
                if self.limits.depth_max < self.depth {
                    let limit = u64::from(self.limits.depth_max);
                    return Err(ReadError::TooLarge {
                        line,
                        what: "depth of elements",
                        limit,
                    });
                }
                if self.first_element.is_none() {
                    let name: String = start.name().as_ref().chars().take(64).collect();
                    self.first_element = Some(name);
                }
                tag(&start, line).map(|tag| Some(Node::Open(tag)))
            }
            Event::End(_) => {
                self.depth = self.depth.saturating_sub(1);
                Ok(Some(Node::Close))
            }
            Event::Text(text) => Ok(text_node(text.xml10_content().into_owned())),
            Event::CData(text) => Ok(text_node(text.xml10_content().into_owned())),
            Event::GeneralRef(reference) => resolve(&reference, line).map(text_node),
            Event::DocType(_) => Err(ReadError::Doctype { line }),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => Ok(None),
            Event::Eof if self.depth == 0 => Ok(Some(Node::End)),
            Event::Eof => Err(ReadError::CutOff { line }),
        }
    }

    fn check_activity_size(&self) -> Result<(), ReadError> {
        let counted = self.reader.get_ref();
        let limit = self.limits.activity_bytes_max;
        match self.activity_from {
            Some(from) if limit < counted.bytes.saturating_sub(from) => Err(ReadError::TooLarge {
                line: counted.line,
                what: "bytes of one activity",
                limit,
            }),
            Some(_) | None => Ok(()),
        }
    }
}

fn text_node(text: String) -> Option<Node> {
    (!text.is_empty()).then_some(Node::Text(text))
}

fn tag(start: &BytesStart<'_>, line: u64) -> Result<Tag, ReadError> {
    let name = known(ELEMENTS, start.name().as_ref()).unwrap_or("");
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let not_xml = |problem: String| ReadError::NotXml { line, problem };
        let attribute = attribute.map_err(|error| not_xml(error.to_string()))?;
        let Some(key) = known(ATTRIBUTES, attribute.key.as_ref()) else {
            continue;
        };
        if name.is_empty() {
            continue;
        }
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| not_xml(error.to_string()))?;
        attributes.push((key, super::clean(&value)));
    }
    Ok(Tag {
        name,
        line,
        attributes,
    })
}

fn known(list: &'static [&'static str], name: &str) -> Option<&'static str> {
    list.iter().copied().find(|&known| known == name)
}

/// Resolves the five entities of XML and numeric references; nothing else exists without a DOCTYPE.
fn resolve(reference: &BytesRef<'_>, line: u64) -> Result<String, ReadError> {
    let not_xml = |error: Error| ReadError::NotXml {
        line,
        problem: error.to_string(),
    };
    if let Some(character) = reference.resolve_char_ref().map_err(not_xml)? {
        return Ok(character.to_string());
    }
    let name: &str = reference;
    match name {
        "lt" => Ok("<".to_owned()),
        "gt" => Ok(">".to_owned()),
        "amp" => Ok("&".to_owned()),
        "apos" => Ok("'".to_owned()),
        "quot" => Ok("\"".to_owned()),
        _ => Err(ReadError::UnknownEntity {
            line,
            name: name.chars().take(64).collect(),
        }),
    }
}

/// Enough bytes to hold any real XML declaration.
const PREFIX_BYTES: u64 = 512;

fn read_prefix(inner: &mut impl BufRead) -> Result<Vec<u8>, ReadError> {
    let mut prefix = Vec::new();
    inner
        .take(PREFIX_BYTES)
        .read_to_end(&mut prefix)
        .map_err(|error| ReadError::io(1, error))?;
    Ok(prefix)
}

/// The encoding that an XML declaration in ASCII names, unless it is UTF-8.
fn declared_encoding(prefix: &[u8]) -> Option<String> {
    let start = prefix.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(prefix);
    let declaration = start.strip_prefix(b"<?xml")?;
    let end = declaration.iter().position(|&byte| byte == b'>')?;
    let declaration = std::str::from_utf8(declaration.get(..end)?).ok()?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value
        .chars()
        .next()
        .filter(|quote| matches!(quote, '"' | '\''))?;
    let (name, _) = value.strip_prefix(quote)?.split_once(quote)?;
    (!name.eq_ignore_ascii_case("utf-8")).then(|| name.to_owned())
}

/// The bytes that were looked at, then the rest.
struct Prefixed<R> {
    prefix: Vec<u8>,
    at: usize,
    rest: R,
}

impl<R: BufRead> Read for Prefixed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Prefixed<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.prefix.get(self.at..) {
            Some(left) if !left.is_empty() => Ok(left),
            Some(_) | None => self.rest.fill_buf(),
        }
    }

    fn consume(&mut self, amount: usize) {
        if self.at < self.prefix.len() {
            self.at = self.at.saturating_add(amount);
        } else {
            self.rest.consume(amount);
        }
    }
}

/// Counts lines and bytes, and stops at the limits.
struct Counted<R> {
    inner: R,
    line: u64,
    bytes: u64,
    event_from: u64,
    event_bytes_max: u64,
    file_bytes_max: u64,
}

impl<R> Counted<R> {
    fn new(inner: R, limits: &ReadLimits) -> Self {
        Self {
            inner,
            line: 1,
            bytes: 0,
            event_from: 0,
            event_bytes_max: limits.text_bytes_max,
            file_bytes_max: limits.file_bytes_max,
        }
    }

    fn begin_event(&mut self) {
        self.event_from = self.bytes;
    }

    fn overrun(&self) -> Option<(&'static str, u64)> {
        if self.file_bytes_max < self.bytes {
            return Some(("bytes of the file", self.file_bytes_max));
        }
        if self.event_bytes_max < self.bytes.saturating_sub(self.event_from) {
            return Some(("bytes of one text or tag", self.event_bytes_max));
        }
        None
    }
}

impl<R: BufRead> Counted<R> {
    /// Says what an error of the parser means to a reader of the file.
    fn explain(&mut self, error: Error, opened: bool) -> ReadError {
        let line = self.line;
        if let Some((what, limit)) = self.overrun() {
            return ReadError::TooLarge { line, what, limit };
        }
        let cut = match &error {
            Error::Syntax(_) | Error::Encoding(_) | Error::IllFormed(_) => self.at_end(),
            Error::Io(io) => io.kind() == io::ErrorKind::InvalidData && self.at_end(),
            Error::InvalidAttr(_) | Error::Escape(_) | Error::Namespace(_) => false,
        };
        match error {
            _ if cut && opened => ReadError::CutOff { line },
            Error::Io(io) => ReadError::Io { line, source: io }.refined(),
            Error::Encoding(error) => ReadError::Encoding {
                line,
                problem: error.to_string(),
            },
            error @ (Error::Syntax(_)
            | Error::IllFormed(_)
            | Error::InvalidAttr(_)
            | Error::Escape(_)
            | Error::Namespace(_)) => ReadError::NotXml {
                line,
                problem: error.to_string(),
            },
        }
    }

    fn at_end(&mut self) -> bool {
        self.inner.fill_buf().is_ok_and(<[u8]>::is_empty)
    }
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.overrun().is_some() {
            return Err(io::Error::other("limit"));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if amount == 0 {
            return;
        }
        // The bytes are still buffered, so this reads nothing and cannot fail.
        let consumed = self
            .inner
            .fill_buf()
            .ok()
            .and_then(|bytes| bytes.get(..amount));
        let newlines = consumed
            .unwrap_or_default()
            .iter()
            .map(|&byte| u64::from(byte == b'\n'))
            .sum();
        self.line = self.line.saturating_add(newlines);
        self.bytes = self
            .bytes
            .saturating_add(u64::try_from(amount).unwrap_or(u64::MAX));
        self.inner.consume(amount);
    }
}
