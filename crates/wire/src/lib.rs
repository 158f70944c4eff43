//! Generated proto code, and the only mapping between proto and domain.
//!
//! Three types stand for one fact: the API message, the stored message and the domain's. They meet here and
//! nowhere else. Outwards a mapping is total; inwards it fails with the path of the field. Stored bytes are decoded
//! for ever (INV-8); old shapes are upcast here and never seen outside.
//!
//! It is *not* a codec for record headers and claims: those are written by hand in `perennial-proof`. It does no
//! IO and hashes no record (INV-13).
//!
//! Read in order: [`pb`] (the proto files say what each message means), [`stored`], [`request`],
//! [`query`].

pub mod pb;

pub mod date;
mod enums;
mod money;

pub mod query;
pub mod request;
pub mod stored;

/// The descriptor set of every proto file with its imports: for server reflection and the JSON mapping.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
