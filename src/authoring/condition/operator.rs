//! The operators of conditions, and what each wants to its right.

use crate::targeting::Orders;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Equal,
    In(Letters),
    InGroup,
    Order(Orders),
    Version(Orders),
    Exists,
    Type,
    Pattern(Letters),
    Size,
    Element,
    All(Letters),
    Not,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letters {
    AsTheyAre,
    Folded,
}

/// Name, what it does, whether it says the opposite.
pub const OPERATORS: [(&str, Operator, bool); 29] = [
    ("$eq", Operator::Equal, false),
    ("$ne", Operator::Equal, true),
    ("$lt", Operator::Order(Orders::LESS), false),
    ("$lte", Operator::Order(Orders::AT_MOST), false),
    ("$gt", Operator::Order(Orders::GREATER), false),
    ("$gte", Operator::Order(Orders::AT_LEAST), false),
    ("$in", Operator::In(Letters::AsTheyAre), false),
    ("$nin", Operator::In(Letters::AsTheyAre), true),
    ("$ini", Operator::In(Letters::Folded), false),
    ("$nini", Operator::In(Letters::Folded), true),
    ("$inGroup", Operator::InGroup, false),
    ("$notInGroup", Operator::InGroup, true),
    ("$all", Operator::All(Letters::AsTheyAre), false),
    ("$alli", Operator::All(Letters::Folded), false),
    ("$exists", Operator::Exists, false),
    ("$type", Operator::Type, false),
    ("$regex", Operator::Pattern(Letters::AsTheyAre), false),
    ("$regexi", Operator::Pattern(Letters::Folded), false),
    ("$notRegex", Operator::Pattern(Letters::AsTheyAre), true),
    ("$notRegexi", Operator::Pattern(Letters::Folded), true),
    ("$size", Operator::Size, false),
    ("$elemMatch", Operator::Element, false),
    ("$not", Operator::Not, false),
    ("$vgt", Operator::Version(Orders::GREATER), false),
    ("$vgte", Operator::Version(Orders::AT_LEAST), false),
    ("$vlt", Operator::Version(Orders::LESS), false),
    ("$vlte", Operator::Version(Orders::AT_MOST), false),
    ("$veq", Operator::Version(Orders::EQUAL), false),
    ("$vne", Operator::Version(Orders::EQUAL), true),
];

/// By the numbers of `View::kind`.
pub const TYPES: [&str; 6] = ["null", "boolean", "number", "string", "array", "object"];

pub const GROUPS: [&str; 4] = ["$and", "$or", "$nor", "$not"];
