//! What the collector keeps: every event once, and every plan it served.
//!
//! `append` is the contract everything else rests on: what it returned `Ok` for is on the disk, and an event whose
//! id is already there is left as it was first received. Times are milliseconds since the epoch, amounts are minor
//! units of their currency.

mod problems;
mod schema;
mod sqlite;

use serde::Serialize;

pub use problems::Problem;
pub use schema::SCHEMA_VERSION;
pub use sqlite::SqliteStore;

/// One event, decoded as far as reports need it; `raw` is the text as it was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    pub id: String,
    pub site: String,
    pub env: Option<String>,
    /// The touchpoint type: page_view, purchase, exposure, goal, …
    pub kind: String,
    pub name: String,
    pub anonymous_id: Option<String>,
    pub user_id: Option<String>,
    pub session_id: Option<String>,
    pub occurred_ms: i64,
    pub received_ms: i64,
    pub plan_hash: Option<String>,
    pub experiment: Option<String>,
    pub variant: Option<String>,
    pub reason: Option<String>,
    pub experiment_version: Option<i64>,
    pub goal: Option<String>,
    pub item: Option<String>,
    pub order_id: Option<String>,
    /// Revenue of an order, amount of a refund, or value of a goal: add up one type at a time.
    pub revenue_minor: Option<i64>,
    pub currency: Option<String>,
    pub raw: String,
}

/// What became of one event of an accepted batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Stored,
    Duplicate,
}

/// A plan as it was served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedPlan {
    pub hash: String,
    pub site: String,
    pub version: u32,
    pub first_served_ms: i64,
    pub bytes: Vec<u8>,
}

/// Exposures of one variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VariantCount {
    pub env: Option<String>,
    pub experiment: String,
    pub variant: String,
    pub exposures: i64,
    /// Different visitors among them; exposures sent without an id are not in it.
    pub visitors: i64,
    /// Page views in which it came too late to be applied or counted.
    pub late: i64,
    pub goals: Vec<GoalCount>,
}

/// Visitors who reached a goal after their first exposure to a variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GoalCount {
    pub goal: String,
    pub visitors: i64,
}

/// How many events of a type an environment has sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KindCount {
    pub env: Option<String>,
    #[serde(rename = "type")]
    pub kind: String,
    pub events: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub kinds: Vec<KindCount>,
    pub variants: Vec<VariantCount>,
}

/// An event as the live list shows it. `cursor` grows with arrival.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecentEvent {
    pub cursor: i64,
    pub id: String,
    pub env: Option<String>,
    #[serde(rename = "type")]
    pub kind: String,
    pub name: String,
    pub anonymous_id: Option<String>,
    pub received_ms: i64,
    pub experiment: Option<String>,
    pub variant: Option<String>,
    pub goal: Option<String>,
    pub item: Option<String>,
    pub revenue_minor: Option<i64>,
    pub currency: Option<String>,
    /// Path of the page it happened on.
    pub page: Option<String>,
}

/// One line of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    pub received_ms: i64,
    pub raw: String,
}

/// Why the store could not do it. Nothing of the call it answers was kept.
#[derive(Debug)]
pub enum StoreError {
    /// Written by a newer parlour.
    Newer {
        found: i64,
    },
    /// A SQLite file of some other program.
    Foreign,
    Sqlite(rusqlite::Error),
    /// The reader of an export would not take more.
    Output(std::io::Error),
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Newer { found } => write!(
                f,
                "this store has schema version {found} and this parlour knows versions up to {SCHEMA_VERSION}: use the \
                 parlour that wrote it, or a newer one"
            ),
            Self::Foreign => f.write_str("this is a SQLite file of another program, not a parlour store"),
            Self::Sqlite(error) => write!(f, "{error}"),
            Self::Output(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for StoreError {}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Called for each line of an export.
pub type EachExported<'a> = &'a mut dyn FnMut(Exported) -> std::io::Result<()>;

pub trait Store: Send {
    /// Keeps each event whose id is new. Returns one outcome per event once all are durable, or an error and keeps none.
    ///
    /// # Errors
    /// When the file cannot be written.
    fn append(&mut self, events: &[Event]) -> Result<Vec<Outcome>, StoreError>;

    /// Keeps a plan under its hash; the first time it was served stands.
    ///
    /// # Errors
    /// When the file cannot be written.
    fn archive_plan(&mut self, plan: &ArchivedPlan) -> Result<(), StoreError>;

    /// The plan served last.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn latest_plan(&self) -> Result<Option<ArchivedPlan>, StoreError>;

    /// # Errors
    /// When the file cannot be read.
    fn counts(&self) -> Result<Counts, StoreError>;

    /// What went wrong in pages.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn problems(&self) -> Result<Vec<Problem>, StoreError>;

    /// At most `limit` events that arrived after `cursor`, newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn recent(&self, cursor: i64, limit: u32) -> Result<Vec<RecentEvent>, StoreError>;

    /// Every event by time received, then id, without holding them all.
    ///
    /// # Errors
    /// When the file cannot be read or `each` fails.
    fn export(&self, each: EachExported<'_>) -> Result<(), StoreError>;
}
