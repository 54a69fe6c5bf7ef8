//! What the collector keeps: every event once, and every plan it served.
//!
//! `append` is the contract everything else rests on: what it returned `Ok` for is on the disk, and an event whose
//! id is already there is left as it was first received. Times are milliseconds since the epoch, amounts are minor
//! units of their currency.

mod append;
mod arms;
mod columns;
mod contact;
mod copy;
mod erase;
mod migrate;
mod outcome;
mod problems;
mod quarantine;
mod rows;
mod schema;
mod sqlite;
mod tabs;
mod tallies;

use serde::Serialize;

pub use arms::ArmCount;
pub use contact::{Contacted, EachContacted, Refund};
pub use copy::{Progress, Restored, restore};
pub use erase::{Erased, MAX_LINKED};
pub use outcome::{EachSeen, Told, seen_of};
pub use problems::Problem;
pub use quarantine::Quarantined;
pub use schema::SCHEMA_VERSION;
pub use sqlite::SqliteStore;
pub use tabs::{Loss, TabGap, TabReport};
pub use tallies::Tally;

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
    /// The format it came in: segment, posthog, snowplow, plausible, csv.
    pub protocol: Option<String>,
    /// The page load that made it, and which of its events this is, from 1.
    pub tab: Option<String>,
    pub seq: Option<i64>,
    /// What kind of program sent it: desktop, mobile, tablet, bot, server. The user agent itself is not kept.
    pub agent: Option<String>,
    pub bucketing: Option<Bucketing>,
    /// By how much `occurred_ms` differs from what the event said.
    pub clock_ms: Option<i64>,
    pub raw: String,
}

/// Does the bucket of an exposure's unit belong to the variant it says, by the plan it names?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bucketing {
    Agrees,
    Differs,
    /// No plan of that hash is in the archive.
    UnknownPlan,
}

impl Bucketing {
    pub const ALL: [Self; 3] = [Self::Agrees, Self::Differs, Self::UnknownPlan];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::Differs => "differs",
            Self::UnknownPlan => "unknown-plan",
        }
    }

    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// What became of one event of an accepted batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Stored,
    Duplicate,
    /// Of somebody who was erased: not kept.
    Forgotten,
}

/// All that requests brought and one transaction keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivery {
    pub events: Vec<Event>,
    pub tabs: Vec<TabReport>,
    pub quarantined: Vec<Quarantined>,
    pub locks: Vec<Lock>,
    pub forget: Vec<ForgetMe>,
}

/// What an id can be erased by: whoever knows the secret of this digest. The first lock of an id stands, and only one
/// that comes no later than the id's first event, so that nobody can lock what is another's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lock {
    pub anonymous_id: String,
    /// SHA-256 of the secret, in hexadecimal.
    pub digest: String,
}

/// A device asks that all of its id be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgetMe {
    pub anonymous_id: String,
    pub secret: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgetting {
    Done {
        rows: u64,
    },
    /// The id has no lock.
    Unlocked,
    WrongSecret,
}

/// One entry for each event and each wish to be forgotten, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    pub events: Vec<Outcome>,
    pub forgotten: Vec<Forgetting>,
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
    pub protocol: Option<String>,
    pub agent: Option<String>,
    pub bucketing: Option<String>,
    pub clock_ms: Option<i64>,
}

/// Which events the live list is to show; empty fields ask nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(default)]
pub struct Filter {
    #[serde(rename = "type")]
    pub kind: String,
    pub env: String,
    pub experiment: String,
    /// Visitor or user id, or its end.
    pub visitor: String,
    pub protocol: String,
}

/// Why the store could not do it. Nothing of the call it answers was kept.
#[derive(Debug)]
pub enum StoreError {
    /// Written by a newer parlour.
    Newer {
        found: i64,
    },
    /// Written by an older parlour: `serve` brings it up to date.
    Older {
        found: i64,
    },
    /// A SQLite file of some other program.
    Foreign,
    Sqlite(rusqlite::Error),
    /// More ids are linked with one another than a person can have.
    TooManyLinked,
    /// Another process has it open while it is to be brought up to date.
    InUse,
    /// The copy to migrate could not be made, or not put in place.
    Copy(std::io::Error),
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
            Self::Older { found } => write!(
                f,
                "this store has schema version {found} and this parlour reads version {SCHEMA_VERSION}: start parlour serve on \
                 it once, which brings it up to date in a copy"
            ),
            Self::Foreign => f.write_str("this is a SQLite file of another program, not a parlour store"),
            Self::Sqlite(error) => write!(f, "{error}"),
            Self::TooManyLinked => write!(
                f,
                "more than {MAX_LINKED} ids are linked with this one, so it stands for no single person: erase ids alone"
            ),
            Self::InUse => f.write_str(
                "this store is of an older version and another process has it open: stop that one, so that it can be \
                 brought up to date",
            ),
            Self::Copy(error) => write!(f, "the store could not be copied to bring it up to date: {error}"),
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

/// Called for each event of an export.
pub type EachExported<'a> = &'a mut dyn FnMut(Event) -> std::io::Result<()>;

pub trait Store: Send {
    /// Keeps each event whose id is new, and what came with it. Returns once all is durable, or an error and keeps none.
    ///
    /// # Errors
    /// When the file cannot be written.
    fn append(&mut self, delivery: &Delivery) -> Result<Receipt, StoreError>;

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

    /// The bytes of a plan in the archive.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn plan_bytes(&self, hash: &str) -> Result<Option<Vec<u8>>, StoreError>;

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
    fn recent(&self, cursor: i64, limit: u32, filter: &Filter) -> Result<Vec<RecentEvent>, StoreError>;

    /// What of the tabs' sequences has not arrived. Tabs heard of after `quiet_before_ms` may still be sending.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn loss(&self, quiet_before_ms: i64) -> Result<Loss, StoreError>;

    /// Who met which variant.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn arms(&self, now_ms: i64) -> Result<Vec<ArmCount>, StoreError>;

    /// What was refused last, newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn quarantined(&self, limit: u32) -> Result<Vec<Quarantined>, StoreError>;

    /// What became of events since a day, by name.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn tallies(&self, since_ms: i64) -> Result<Vec<Tally>, StoreError>;

    /// Every event by time received, then id, without holding them all; of these ids alone where any are given.
    ///
    /// # Errors
    /// When the file cannot be read or `each` fails.
    fn export(&self, ids: &[String], each: EachExported<'_>) -> Result<(), StoreError>;

    /// What reports are made from, dated from `since_ms` on and before `until_ms`, in any order, without holding them.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn outcomes(&self, since_ms: i64, until_ms: i64, each: EachSeen<'_>) -> Result<(), StoreError>;

    /// Every event that has a visitor, visitor by visitor and each one's in time order, without holding them.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn contacts(&self, since_ms: i64, until_ms: i64, each: EachContacted<'_>) -> Result<(), StoreError>;

    /// What was paid back for orders.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn refunds(&self) -> Result<Vec<Refund>, StoreError>;

    /// Writes some of the rows that reports read as columns, and answers whether there may be more to write.
    ///
    /// # Errors
    /// When the file cannot be written.
    fn condense(&mut self) -> Result<bool, StoreError>;

    /// This id and all that were seen together with it, or with one of those.
    ///
    /// # Errors
    /// When the file cannot be read, or the ids are too many to be one person.
    fn linked(&self, id: &str) -> Result<Vec<String>, StoreError>;

    /// Erases every row of these ids, for good: what still arrives of them is not kept.
    ///
    /// # Errors
    /// When the file cannot be written.
    fn forget(&mut self, ids: &[String], now_ms: i64) -> Result<Erased, StoreError>;

    /// Erases at most `limit` events received before that time, and answers how many those were.
    ///
    /// # Errors
    /// When the file cannot be written.
    fn retain(&mut self, since_ms: i64, limit: u32) -> Result<u64, StoreError>;
}
