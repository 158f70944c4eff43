use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};

use perennial_app::ports::log::LogOffset;
use perennial_app::ports::view_store::{
    Generation, GenerationNo, Hash, LoadError, RowsDigest, SavedPosition, StoreError, Term,
};
use perennial_domain::log::Position;
use perennial_views::delta::Delta;
use perennial_views::digest::StateDigest;
use perennial_views::pages::PageStore;

use crate::block::{Assembly, Block, Packer};
use crate::codec::{LAYOUT, Malformed, Reader, Writer, decode_delta, encode_delta};
use crate::flusher::Flusher;
use crate::keys::{BlockKey, SAVED};
use crate::page_file::PageFile;
use crate::store::Options;
use crate::tree::{Batch, OpenFailure, Tree};

/// So many small blocks at the live edge are joined into one.
const SMALL_BLOCKS_MAX: usize = 128;

/// A block below this size may be joined with its neighbours.
const SMALL_BYTES: usize = 30 * 1024;

/// How many decoded blocks wait while what was read before is restored.
const BLOCKS_AHEAD: usize = 8;

/// Why a generation does not open.
pub(crate) enum GenerationFailure {
    /// It is damaged or of another layout.
    Unusable(String),
    /// The storage cannot be used at all.
    Store(StoreError),
}

/// One generation in its own sled database.
pub(crate) struct SledGeneration {
    number: GenerationNo,
    schema: String,
    state: Mutex<State>,
    path: PathBuf,
    // Ends before the database that it flushes.
    flusher: Flusher,
    tree: Tree,
}

#[derive(Debug, Default)]
struct State {
    saved: Option<SavedPosition>,
    rows_digest: RowsDigest,
    /// The small blocks at the end, ascending: what may be joined.
    small: Vec<Small>,
}

#[derive(Clone, Copy, Debug)]
struct Small {
    first: Position,
    bytes: usize,
}

impl Small {
    fn of(block: &Block) -> Self {
        Self {
            first: block.first,
            bytes: block.len(),
        }
    }
}

impl SledGeneration {
    pub(crate) fn open(
        number: GenerationNo,
        path: &Path,
        schema: &str,
        options: Options,
    ) -> Result<Self, GenerationFailure> {
        let tree = Tree::open(path, options.cache_bytes).map_err(|failure| match failure {
            OpenFailure::Unusable(problem) => GenerationFailure::Unusable(problem),
            OpenFailure::Locked(problem) => GenerationFailure::Store(StoreError::Engine {
                doing: "open the live generation",
                problem,
            }),
        })?;
        let stored = tree.get(&SAVED).map_err(GenerationFailure::Unusable)?;
        let (saved, rows_digest) = match stored {
            None => (None, RowsDigest::default()),
            Some(bytes) => decode_saved(&bytes, schema)
                .map(|(saved, digest)| (Some(saved), digest))
                .map_err(|Malformed(problem)| GenerationFailure::Unusable(problem))?,
        };
        let flusher = Flusher::start(tree.clone()).map_err(|error| {
            let problem = error.to_string();
            GenerationFailure::Store(StoreError::Engine {
                doing: "start the thread that flushes views",
                problem,
            })
        })?;
        let state = Mutex::new(State {
            saved,
            rows_digest,
            small: Vec::new(),
        });
        Ok(Self {
            number,
            schema: schema.to_owned(),
            state,
            path: path.to_owned(),
            flusher,
            tree,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Joins the small blocks at the end if they are many, so that a restart reads few values.
    fn join_small(&self, state: &mut State) -> Result<(), String> {
        if state.small.len() < SMALL_BLOCKS_MAX {
            return Ok(());
        }
        let mut blocks = Vec::with_capacity(state.small.len());
        for small in &state.small {
            let mut assembly = Assembly::default();
            for part in self.tree.parts_of(BlockKey {
                first: small.first,
                part: 0,
            }) {
                let (key, value) = part?;
                let key = BlockKey::parse(&key).ok_or_else(|| "a key of no family".to_owned())?;
                blocks.extend(
                    assembly
                        .add(key, &value)
                        .map_err(|Malformed(problem)| problem)?,
                );
            }
        }
        let joined = Block::join(&blocks).map_err(|Malformed(problem)| problem)?;
        let mut batch = Batch::default();
        for (key, _) in blocks.iter().flat_map(Block::parts) {
            batch.remove(&key.to_bytes());
        }
        // Written after the removals: the first joined block has a key of the ones that go.
        for (key, value) in joined.iter().flat_map(Block::parts) {
            batch.insert(&key.to_bytes(), value)?;
        }
        let bytes = joined.iter().map(Block::len).sum();
        self.tree.apply(batch)?;
        self.flusher.wrote(bytes)?;
        state.small.clear();
        for block in &joined {
            state.note_block(Small::of(block));
        }
        Ok(())
    }
}

impl State {
    /// Remembers whether a block at the end is small.
    fn note_block(&mut self, block: Small) {
        if SMALL_BYTES < block.bytes {
            self.small.clear();
        } else {
            self.small.push(block);
        }
    }

    /// Checks that what was read is what was saved.
    fn check(&self, found: Found, state_digest: StateDigest) -> Result<(), LoadError> {
        let next = self
            .saved
            .map_or(0, |saved| saved.position.0.saturating_add(1));
        if found.next.0 != next {
            let problem = format!("rows were saved for the positions below {next}");
            return Err(LoadError::Damaged {
                position: found.next,
                problem,
            });
        }
        if found.digest != self.rows_digest {
            return Err(LoadError::Digest {
                found: found.digest,
                saved: self.rows_digest,
            });
        }
        match self.saved {
            Some(saved) if saved.digest != state_digest => Err(LoadError::Damaged {
                position: saved.position,
                problem: format!(
                    "the state digest is {state_digest}, saved was {}",
                    saved.digest
                ),
            }),
            Some(_) | None => Ok(()),
        }
    }
}

/// A block that was read back.
struct LoadedBlock {
    small: Small,
    deltas: Vec<Delta>,
}

/// How far rows were read without a gap, and their digest.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    next: Position,
    digest: RowsDigest,
}

fn read_blocks(tree: &Tree, sender: &mpsc::SyncSender<LoadedBlock>) -> Result<Found, LoadError> {
    let mut found = Found::default();
    let mut assembly = Assembly::default();
    for part in tree.blocks() {
        let (key, value) = part.map_err(|problem| LoadError::Engine { problem })?;
        let position = found.next;
        let damaged = move |Malformed(problem)| LoadError::Damaged { position, problem };
        let key =
            BlockKey::parse(&key).ok_or_else(|| damaged(Malformed::new("a key of no family")))?;
        let Some(block) = assembly.add(key, &value).map_err(damaged)? else {
            continue;
        };
        let deltas = read_block(&block, &mut found).map_err(damaged)?;
        if sender
            .send(LoadedBlock {
                small: Small::of(&block),
                deltas,
            })
            .is_err()
        {
            return Err(damaged(Malformed::new("nobody restores them")));
        }
    }
    let position = found.next;
    assembly
        .finish()
        .map_err(|Malformed(problem)| LoadError::Damaged { position, problem })?;
    Ok(found)
}

fn read_block(block: &Block, found: &mut Found) -> Result<Vec<Delta>, Malformed> {
    let mut deltas = Vec::new();
    if block.first != found.next {
        return Err(Malformed(format!(
            "a block of position {} comes instead",
            block.first
        )));
    }
    for record in block.records()? {
        let row = record?;
        let delta = decode_delta(row)?;
        if delta.record.position != found.next {
            return Err(Malformed(format!(
                "rows of position {} come instead",
                delta.record.position
            )));
        }
        found.digest = found.digest.after(row);
        found.next = Position(found.next.0.saturating_add(1));
        deltas.push(delta);
    }
    Ok(deltas)
}

fn encode_saved(saved: &SavedPosition, rows_digest: RowsDigest, schema: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer(&mut bytes);
    writer.byte(LAYOUT);
    writer.text(schema);
    writer.number(saved.position.0);
    writer.raw(saved.record_hash.as_bytes());
    writer.number(saved.term.0);
    writer.number(saved.offset.0);
    writer.number(saved.next_offset.0);
    writer.raw(&saved.digest.0);
    writer.raw(rows_digest.0.as_bytes());
    bytes
}

fn decode_saved(bytes: &[u8], schema: &str) -> Result<(SavedPosition, RowsDigest), Malformed> {
    let mut reader = Reader(bytes);
    let layout = reader.byte()?;
    if layout != LAYOUT {
        return Err(Malformed(format!(
            "it has layout {layout}, this software reads {LAYOUT}"
        )));
    }
    let stored_schema = reader.str()?;
    if stored_schema != schema {
        return Err(Malformed(format!(
            "it has schema \"{stored_schema}\", this software reads \"{schema}\""
        )));
    }
    let saved = SavedPosition {
        position: Position(reader.number()?),
        record_hash: Hash::from_bytes(reader.array()?),
        term: Term(reader.number()?),
        offset: LogOffset(reader.number()?),
        next_offset: LogOffset(reader.number()?),
        digest: StateDigest(reader.array()?),
    };
    let rows_digest = RowsDigest(Hash::from_bytes(reader.array()?));
    if reader.is_empty() {
        Ok((saved, rows_digest))
    } else {
        Err(Malformed::new("the saved position goes on after its end"))
    }
}

impl Generation for SledGeneration {
    fn number(&self) -> GenerationNo {
        self.number
    }

    fn saved(&self) -> Option<SavedPosition> {
        self.state().saved
    }

    fn rows_digest(&self) -> RowsDigest {
        self.state().rows_digest
    }

    fn pages(&self) -> Option<Arc<dyn PageStore>> {
        match PageFile::create(&self.path) {
            Ok(file) => Some(Arc::new(file)),
            Err(error) => {
                let path = self.path.display();
                tracing::warn!(%path, %error, "pages of views cannot be kept there; all of them stay in memory");
                None
            }
        }
    }

    fn load(&self, each: &mut dyn FnMut(Delta)) -> Result<(), LoadError> {
        let mut state = self.state();
        state.small.clear();
        let (sender, blocks) = mpsc::sync_channel::<LoadedBlock>(BLOCKS_AHEAD);
        let mut state_digest = StateDigest::default();
        // Decoding on a thread of its own: there a panic of sled does no harm, and restoring goes on beside it.
        let found = std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("views-load".to_owned());
            let reading = thread.spawn_scoped(scope, move || {
                // The sender ends with the reading: that is how the loop below ends.
                let sender = sender;
                read_blocks(&self.tree, &sender)
            });
            let reading = reading.map_err(|error| LoadError::Engine {
                problem: error.to_string(),
            })?;
            while let Ok(block) = blocks.recv() {
                state.note_block(block.small);
                for delta in block.deltas {
                    state_digest = delta.digest;
                    each(delta);
                }
            }
            let panicked = |_| LoadError::Engine {
                problem: "the thread that reads panicked".to_owned(),
            };
            reading.join().map_err(panicked)?
        })?;
        state.check(found, state_digest)
    }

    fn save(&self, deltas: &[Delta], saved: SavedPosition) -> Result<(), StoreError> {
        let mut state = self.state();
        let broken = |problem| StoreError::Engine {
            doing: "save rows",
            problem,
        };
        let mut expected = state.saved.map_or(Position(0), |saved| {
            Position(saved.position.0.saturating_add(1))
        });
        let mut rows_digest = state.rows_digest;
        let mut packer = Packer::default();
        let mut row = Vec::new();
        for delta in deltas {
            let found = delta.record.position;
            if found != expected {
                return Err(StoreError::OutOfOrder { expected, found });
            }
            row.clear();
            encode_delta(delta, &mut row);
            rows_digest = rows_digest.after(&row);
            packer.add(found, &row);
            expected = Position(found.0.saturating_add(1));
        }
        if saved.position.0.checked_add(1) != Some(expected.0) {
            return Err(StoreError::OutOfOrder {
                expected,
                found: saved.position,
            });
        }
        let blocks = packer.finish();
        let mut batch = Batch::default();
        for (key, value) in blocks.iter().flat_map(Block::parts) {
            batch.insert(&key.to_bytes(), value).map_err(broken)?;
        }
        batch
            .insert(&SAVED, &encode_saved(&saved, rows_digest, &self.schema))
            .map_err(broken)?;
        self.tree.apply(batch).map_err(broken)?;
        self.flusher
            .wrote(blocks.iter().map(Block::len).sum())
            .map_err(broken)?;
        state.saved = Some(saved);
        state.rows_digest = rows_digest;
        for block in &blocks {
            state.note_block(Small::of(block));
        }
        self.join_small(&mut state).map_err(broken)
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.flusher.flush().map_err(|problem| StoreError::Engine {
            doing: "flush rows",
            problem,
        })
    }
}
