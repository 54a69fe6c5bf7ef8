//! What `parlour report` asks of the store beyond what experiments need.

pub mod beyond;
pub mod channel;
