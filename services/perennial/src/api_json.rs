//! The API's own JSON mapping, for events.

use perennial_wire::FILE_DESCRIPTOR_SET;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, SerializeOptions};

use crate::failure::{Exit, Failure};

/// Prints messages of one kind, field names as in the proto files.
pub struct ApiJson {
    descriptor: MessageDescriptor,
}

impl ApiJson {
    /// Finds the message by its full name.
    ///
    /// # Errors
    /// If the descriptors built into this program lack it.
    pub fn of(full_name: &'static str) -> Result<Self, Failure> {
        let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).map_err(|error| {
            Failure::caused(Exit::Other, "read the built-in descriptors", &error)
        })?;
        let missing = || Failure::new(Exit::Other, format!("no message {full_name} is built in"));
        Ok(Self {
            descriptor: pool.get_message_by_name(full_name).ok_or_else(missing)?,
        })
    }

    /// Returns the message as a JSON value.
    ///
    /// # Errors
    /// If the message is not of the kind.
    pub fn value(&self, message: &impl Message) -> Result<serde_json::Value, Failure> {
        let failed = |error: &(dyn std::error::Error + 'static)| {
            Failure::caused(Exit::Other, "print a message as JSON", error)
        };
        let mut dynamic = DynamicMessage::new(self.descriptor.clone());
        dynamic
            .transcode_from(message)
            .map_err(|error| failed(&error))?;
        let options = SerializeOptions::new().use_proto_field_name(true);
        dynamic
            .serialize_with_options(serde_json::value::Serializer, &options)
            .map_err(|error| failed(&error))
    }
}
