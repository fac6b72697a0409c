//! What a lock says, in other forms.

mod example;
mod json;
mod json_schema;
mod json_types;
mod markdown;
mod weaver;
