//! What `parlour report` is asked, and what it asks of the store beyond what experiments need.

pub mod asked;
pub mod beyond;
pub mod channel;
pub mod make;
pub mod parquet;
mod properties;
