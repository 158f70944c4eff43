//! From bytes to published activities, one at a time: a file is never in memory whole.
//!
//! Input is XML as published, plain or compressed with zstd, in any encoding it declares. A file that breaks off
//! still yields every activity before the break. Nothing is expanded but the five entities of XML and numeric
//! references: a DOCTYPE is refused.

mod element;
mod source;

use std::io::{self, BufRead, BufReader};
use std::sync::Arc;

use source::{Node, Source};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::activity::Activity;

/// How much of a file is taken in. Sizes are of the decoded, uncompressed text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// Bytes of one file.
    pub file_bytes_max: u64,
    /// Bytes of one activity.
    pub activity_bytes_max: u64,
    /// Bytes of one text, tag or comment.
    pub text_bytes_max: u64,
    /// Transactions of one activity.
    pub transactions_max: usize,
    /// How deep elements nest.
    pub depth_max: u32,
}

impl Default for ReadLimits {
    /// 16 GiB, 256 MiB, 4 MiB, 200,000 transactions, 64 deep: a hundred times what real files need.
    fn default() -> Self {
        Self {
            file_bytes_max: 16 << 30,
            activity_bytes_max: 256 << 20,
            text_bytes_max: 4 << 20,
            transactions_max: 200_000,
            depth_max: 64,
        }
    }
}

/// Why a file is read no further. What was read before stays good.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    /// It is no XML, so no IATI either.
    #[error("line {line}: not IATI, because not XML: {problem}")]
    NotXml {
        /// Where.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// It is XML of another kind.
    #[error("line {line}: not IATI: the first element is \"{root}\", not \"iati-activities\"")]
    NotIati {
        /// Where.
        line: u64,
        /// The first element, cut to 64 characters.
        root: String,
    },
    /// It ends before its last element does.
    #[error("line {line}: the file is cut off")]
    CutOff {
        /// Where it ends.
        line: u64,
    },
    /// It declares a document type, which could expand without bound.
    #[error("line {line}: a DOCTYPE is not accepted")]
    Doctype {
        /// Where.
        line: u64,
    },
    /// It uses an entity that is none of XML's own five.
    #[error("line {line}: unknown entity \"{name}\"")]
    UnknownEntity {
        /// Where.
        line: u64,
        /// Its name, cut to 64 characters.
        name: String,
    },
    /// Its bytes are not in the encoding it declares, or the encoding is unknown.
    #[error("line {line}: {problem}")]
    Encoding {
        /// Where.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// It is above a limit of [`ReadLimits`].
    #[error("line {line}: more than {limit} {what}")]
    TooLarge {
        /// Where.
        line: u64,
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// Its bytes cannot be read, or the compressed stream is damaged.
    #[error("line {line}: read the file")]
    Io {
        /// Where reading stood.
        line: u64,
        /// The cause.
        #[source]
        source: Arc<io::Error>,
    },
}

impl ReadError {
    /// The line where reading stood, from 1.
    pub const fn line(&self) -> u64 {
        match self {
            Self::NotXml { line, .. }
            | Self::NotIati { line, .. }
            | Self::CutOff { line }
            | Self::Doctype { line }
            | Self::UnknownEntity { line, .. }
            | Self::Encoding { line, .. }
            | Self::TooLarge { line, .. }
            | Self::Io { line, .. } => *line,
        }
    }

    fn io(line: u64, error: io::Error) -> Self {
        Self::Io {
            line,
            source: Arc::new(error),
        }
        .refined()
    }

    /// A stream that ends too early is a file cut off; bytes that do not decode are of another encoding.
    fn refined(self) -> Self {
        match self {
            Self::Io { line, source } => {
                let kind = source.kind();
                if kind == io::ErrorKind::UnexpectedEof {
                    Self::CutOff { line }
                } else if kind == io::ErrorKind::InvalidData {
                    let problem = source.to_string();
                    Self::Encoding { line, problem }
                } else {
                    Self::Io { line, source }
                }
            }
            other @ (Self::NotXml { .. }
            | Self::NotIati { .. }
            | Self::CutOff { .. }
            | Self::Doctype { .. }
            | Self::UnknownEntity { .. }
            | Self::Encoding { .. }
            | Self::TooLarge { .. }) => other,
        }
    }
}

/// What a file's first element says of it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct FileHeader {
    /// Attribute `version`, as in `2.03`.
    pub version: Option<String>,
    /// Attribute `generated-datetime`, as published.
    pub generated: Option<String>,
}

impl FileHeader {
    /// The day the file was generated on, if it says so.
    pub fn generated_on(&self) -> Option<perennial_domain::Date> {
        crate::vocabulary::date(self.generated.as_deref()?)
    }
}

/// The activities of one file, in published order.
///
/// After an error the iterator ends: what it yielded before is whole and may be booked.
pub struct Activities<R> {
    source: Source<R>,
    header: FileHeader,
    limits: ReadLimits,
    done: bool,
}

impl<R: BufRead> Activities<R> {
    /// Reads up to the first element of plain XML.
    ///
    /// # Errors
    /// [`ReadError`] if it is no XML, no IATI activity file, or cannot be read.
    pub fn open(reader: R, limits: ReadLimits) -> Result<Self, ReadError> {
        let mut source = Source::open(reader, limits)?;
        loop {
            match source.next()? {
                Node::Open(mut tag) if tag.name == "iati-activities" => {
                    let header = FileHeader {
                        version: tag.take("version"),
                        generated: tag.take("generated-datetime"),
                    };
                    return Ok(Self {
                        source,
                        header,
                        limits,
                        done: false,
                    });
                }
                Node::Open(tag) => {
                    let root = source.first_element.unwrap_or_default();
                    return Err(ReadError::NotIati {
                        line: tag.line,
                        root,
                    });
                }
                Node::Text(text) if is_blank(&text) => {}
                Node::Text(text) => {
                    let start: String = text.trim_start().chars().take(32).collect();
                    let problem = format!("it begins with \"{}\"", clean(&start));
                    return Err(ReadError::NotXml {
                        line: source.line(),
                        problem,
                    });
                }
                Node::Close | Node::End => {
                    let problem = "it has no element".to_owned();
                    return Err(ReadError::NotXml {
                        line: source.line(),
                        problem,
                    });
                }
            }
        }
    }

    /// What the first element says.
    pub const fn header(&self) -> &FileHeader {
        &self.header
    }

    /// Reads to the next activity, or to the end of the document.
    fn advance(&mut self) -> Result<Option<Activity>, ReadError> {
        loop {
            match self.source.next()? {
                Node::Open(tag) if tag.name == "iati-activity" => {
                    self.source.begin_activity();
                    let activity = element::activity(&mut self.source, tag, &self.limits)?;
                    self.source.end_activity();
                    return Ok(Some(activity));
                }
                Node::Open(_) => element::skip(&mut self.source)?,
                Node::Text(_) => {}
                Node::Close => {
                    self.finish()?;
                    return Ok(None);
                }
                Node::End => return Ok(None),
            }
        }
    }

    /// Nothing may follow the first element.
    fn finish(&mut self) -> Result<(), ReadError> {
        loop {
            match self.source.next()? {
                Node::End => return Ok(()),
                Node::Text(text) if is_blank(&text) => {}
                Node::Text(_) | Node::Open(_) | Node::Close => {
                    let problem = "something follows the end of \"iati-activities\"".to_owned();
                    return Err(ReadError::NotXml {
                        line: self.source.line(),
                        problem,
                    });
                }
            }
        }
    }
}

impl<'r> Activities<Box<dyn BufRead + Send + 'r>> {
    /// Opens XML that is plain or compressed with zstd: the first bytes tell.
    ///
    /// # Errors
    /// As [`Activities::open`].
    pub fn open_any(
        mut reader: impl BufRead + Send + 'r,
        limits: ReadLimits,
    ) -> Result<Self, ReadError> {
        let start = reader.fill_buf().map_err(|error| ReadError::io(1, error))?;
        let boxed: Box<dyn BufRead + Send + 'r> = if start.starts_with(&ZSTD_MAGIC) {
            let decoder = zstd::stream::read::Decoder::with_buffer(reader)
                .map_err(|error| ReadError::io(1, error))?;
            Box::new(BufReader::with_capacity(1 << 16, decoder))
        } else {
            Box::new(reader)
        };
        Self::open(boxed, limits)
    }
}

const ZSTD_MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

impl<R: BufRead> Iterator for Activities<R> {
    type Item = Result<Activity, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.advance().transpose();
        self.done = !matches!(next, Some(Ok(_)));
        next
    }
}

/// Collapses blanks to single spaces, leaves out control characters and blanks at both ends, and brings the text
/// to Unicode NFC: the form in which a ledger keeps texts, so that the same file reads the same against it.
pub(crate) fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut blank = false;
    for character in text.chars() {
        if character.is_whitespace() {
            blank = true;
        } else if !character.is_control() && character != '\u{FEFF}' {
            if blank && !cleaned.is_empty() {
                cleaned.push(' ');
            }
            blank = false;
            cleaned.push(character);
        }
    }
    match is_nfc_quick(cleaned.chars()) {
        IsNormalized::Yes => cleaned,
        IsNormalized::No | IsNormalized::Maybe => cleaned.nfc().collect(),
    }
}

fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}
