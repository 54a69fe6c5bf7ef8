//! What `parlour.json` may hold, field by field: the one description behind diagnostics and JSON Schema.

use super::measured;
use super::shape::{Field, Shape, keyed, list, may, must, named, one_or_many};

pub const CONSENT_STATES: &[&str] = &["unknown", "denied", "measure", "personalise"];

const LATE: &[&str] = &["skip", "apply"];

pub fn config() -> Shape {
    Shape::Object("config", || {
        vec![
            may("$schema", Shape::Text, "Where the editor finds the JSON Schema"),
            must(
                "site",
                one_or_many(Shape::Text),
                "Host names the plan is for; `*.` stands for any sub-domain. The first seeds the buckets: keep it",
            ),
            may(
                "environments",
                named(list(Shape::Text)),
                "Hosts of staging and the like: they run, and are left out of results",
            ),
            may("timezone", Shape::Text, "IANA time zone of dates and days; UTC if not given"),
            may("currency", Shape::Text, "ISO 4217 code of amounts in this file; EUR if not given"),
            may(
                "rates",
                list(Shape::Object("rates", measured::rates)),
                "What other currencies were worth, from a day on: without it reports leave their amounts out. Not in the plan",
            ),
            may(
                "consent",
                Shape::Object("consent", consent),
                "Where consent starts, and what is exempt from it",
            ),
            may(
                "capture",
                Shape::Object("capture", capture),
                "What is recorded without code; all of it unless switched off",
            ),
            may(
                "problems",
                Shape::Share,
                "Share of problems (a selector not found, a change that is fought) that pages send; all if not given",
            ),
            may(
                "previewKey",
                Shape::Text,
                "Public key that preview links are checked with, as `parlour keygen` prints it; `parlour serve` brings its own",
            ),
            may("holdout", Shape::Share, "Share of visitors who never meet any experiment"),
            may(
                "holdouts",
                keyed(Shape::Object("holdout", holdout)),
                "Named shares of visitors, for experiments that name them: each is held out of all of those",
            ),
            may("kill", Shape::Bool, "true stops all experiments and experiences at once"),
            may(
                "late",
                Shape::Choice(LATE),
                "What becomes of changes that come after the visitor saw what they change, where an experiment or experience does not say",
            ),
            may(
                "dialect",
                Shape::Choice(&["parlour", "growthbook"]),
                "How conditions are read; `growthbook` takes all that its SDKs take, and finds fewer mistakes",
            ),
            may("html", Shape::Bool, "true: changes may have `html`, which pages put in sanitised"),
            may("redirects", Shape::Object("redirects", redirects), "What redirect tests may do"),
            may("groups", named(Shape::Any), "Named lists of values, for $inGroup and $notInGroup"),
            may("audiences", keyed(Shape::Condition), "Named conditions over facts"),
            may("goals", keyed(Shape::Object("goal", goal)), "What counts as success"),
            may(
                "experiments",
                keyed(Shape::Object("experiment", experiment)),
                "Variants tried against each other",
            ),
            may(
                "flags",
                named(Shape::Object("flag", flag)),
                "Values that code asks for by name, each with rules for who gets which",
            ),
            may(
                "experiences",
                keyed(Shape::Object("experience", experience)),
                "Changes for an audience, outside an experiment, with a holdout of their own",
            ),
            may("growthbook", super::growthbook::shape(), "Features of GrowthBook, as its API answers them"),
            may("slots", keyed(Shape::Object("slot", super::slot::slot)), "Places for recommendations"),
            may("rows", Shape::Object("rows", rows), "Where rows of items are, for pages that carry none"),
            may(
                "baskets",
                Shape::Object("rows", rows),
                "Where rows of a model of baskets are, for the strategy `basket`",
            ),
        ]
    })
}

fn redirects() -> Vec<Field> {
    vec![
        may(
            "origins",
            list(Shape::Text),
            "Other origins that visitors may be sent to, such as https://checkout.shop.example; the page's own always is",
        ),
        may(
            "keep",
            list(Shape::Text),
            "Parameters of the address that go along, `*` stands for anything; with # before, the fragment. Where visitors came from (utm_* and click ids) and any fragment if not given",
        ),
    ]
}

fn consent() -> Vec<Field> {
    vec![
        may(
            "initial",
            Shape::Choice(CONSENT_STATES),
            "The state before the visitor has said anything; `unknown` if not given",
        ),
        may("exempt", list(Shape::Choice(&["experiments"])), "Purposes for which the site needs no consent"),
    ]
}

fn capture() -> Vec<Field> {
    vec![
        may("page_view", Shape::Bool, "Page views, single-page navigation included"),
        may("click", Shape::Bool, "Clicks on elements marked with data-parlour-click"),
    ]
}

fn goal() -> Vec<Field> {
    let mut fields = vec![
        may("name", Shape::Text, "For people"),
        may("touchpoint", Shape::Text, "Reached when this touchpoint is recorded"),
        may("value", Shape::Choice(&["revenue"]), "What the touchpoint is worth"),
        may("click", Shape::Selector, "Reached when an element like this is clicked"),
        may("submit", Shape::Selector, "Reached when a form like this is sent"),
        may("visible", Shape::Selector, "Reached when half of an element like this is seen"),
        may("page", Shape::Text, "Reached on pages with this path; `*` stands for anything"),
    ];
    fields.extend(measured::goal());
    fields
}

fn experiment() -> Vec<Field> {
    vec![
        may("name", Shape::Text, "For people; the key when not given"),
        may("hypothesis", Shape::Text, "What you expect, and why. Not in the plan"),
        may("owner", Shape::Text, "Who answers questions. Not in the plan"),
        may("tags", list(Shape::Text), "For finding it again. Not in the plan"),
        may(
            "status",
            Shape::Choice(&["draft", "running", "paused", "ended", "archived"]),
            "`draft` if not given. Drafts and archived ones are not in the plan",
        ),
        may("winner", Shape::Text, "With status `ended`: the variant that everyone in the audience now gets"),
        may(
            "rollout",
            Shape::Text,
            "The variant that takes over step by step, as `parlour promote --ramp` writes it: only it may gain weight under one version. Not in the plan",
        ),
        may(
            "ended",
            Shape::Date,
            "With status `ended`: since when, as `parlour promote` writes it. Not in the plan",
        ),
        may("kill", Shape::Bool, "true stops it at once"),
        may(
            "version",
            Shape::Whole { least: 1, most: 1_000_000 },
            "Raise it to start anew: kept variants are forgotten, and units are shuffled again",
        ),
        may(
            "bump",
            Shape::Choice(&["reshuffle", "block"]),
            "What a raised version does with units that met an older one: they are shuffled again, or stay out; `reshuffle` if not given",
        ),
        may(
            "basis",
            Shape::Choice(&["consent", "exempt"]),
            "Why it may store and count; `consent` if not given",
        ),
        may(
            "unit",
            Shape::Choice(&["visitor", "user", "session", "page view"]),
            "What is randomised; `visitor` if not given",
        ),
        may(
            "fallback",
            Shape::Choice(&["visitor"]),
            "With unit `user`: people who are not logged in are taken as visitors, and keep their variant when they log in",
        ),
        may("sticky", Shape::Bool, "false: the variant may change when traffic or weights do"),
        may("audience", Shape::Audience, "Who may enter"),
        may(
            "applies",
            Shape::Choice(&["entry", "always"]),
            "When the audience is asked: only of those who are not in yet, or at every decision; `entry` if not given",
        ),
        may("url", Shape::Object("url", url), "On which pages: all parts must fit"),
        may(
            "requires",
            list(Shape::Object("requirement", requirement)),
            "Experiments that a unit must be in to get into this one",
        ),
        may("holdout", one_or_many(Shape::Text), "Keys of `holdouts` whose units stay out"),
        may("traffic", Shape::Share, "Share of the audience that takes part; 1 if not given"),
        may(
            "ramp",
            list(Shape::Object("step", ramp_step)),
            "Instead of `traffic`: the share grows in straight lines from step to step; nobody before the first",
        ),
        may(
            "layer",
            Shape::Object("layer", layer),
            "Experiments of one layer with ranges apart never meet in one visitor",
        ),
        may("seed", Shape::Whole { least: 0, most: u32::MAX as u64 }, "Only to keep buckets after a rename"),
        may("start", Shape::Date, "First day or moment, in the site's time zone"),
        may("end", Shape::Date, "Last day (all of it) or the moment it ends"),
        may(
            "power",
            Shape::Object("power", power),
            "What should be found, to be warned when there are too few visitors. Not in the plan",
        ),
        may(
            "analysis",
            Shape::Object("analysis", measured::analysis),
            "How reports judge it. Not in the plan",
        ),
        may(
            "late",
            Shape::Choice(LATE),
            "In page views where the visitor saw what would change before it could: `skip` (if not given) changes and counts nothing, in every variant alike",
        ),
        must("variants", keyed(Shape::Object("variant", variant)), "The first is the control"),
        may("goals", list(Shape::Text), "Keys of goals; the first is the main one"),
        may(
            "bandit",
            Shape::Object("bandit", bandit),
            "`parlour serve` shifts the shares of new visitors to the variants that reach the first goal most often, by Thompson sampling; `parlour bandit` does it to this file. Not in the plan",
        ),
    ]
}

fn bandit() -> Vec<Field> {
    vec![
        may(
            "floor",
            Shape::Share,
            "Least share of each variant, so that all go on being tried; 0.05 if not given",
        ),
        may(
            "control",
            Shape::Share,
            "Share that the first variant always has, so that what the bandit is worth is measured; 0.2 if not given",
        ),
    ]
}

fn holdout() -> Vec<Field> {
    vec![
        must("share", Shape::Share, "Share of units that is held out"),
        may(
            "seed",
            Shape::Whole { least: 0, most: u32::MAX as u64 },
            "Only to keep who is held out after a rename",
        ),
    ]
}

fn requirement() -> Vec<Field> {
    vec![
        must("experiment", Shape::Text, "Key of the experiment that a unit must be in"),
        may("variant", one_or_many(Shape::Text), "In one of these variants of it; any if not given"),
    ]
}

fn ramp_step() -> Vec<Field> {
    vec![
        must("at", Shape::Date, "From this day or moment on, in the site's time zone"),
        must("traffic", Shape::Share, "Share of the audience that takes part then"),
    ]
}

fn url() -> Vec<Field> {
    vec![
        may("path", one_or_many(Shape::Text), "Paths such as /shop/*; `*` stands for anything"),
        may("host", one_or_many(Shape::Text), "Host names such as *.shop.example"),
        may("query", named(one_or_many(Shape::Text)), "Parameters of the address and what they must be"),
    ]
}

fn power() -> Vec<Field> {
    vec![
        must("baseline", Shape::Share, "Share of the control's visitors that reach the first goal"),
        must(
            "mde",
            Shape::Weight,
            "The smallest change worth finding, relative to the baseline: 0.1 is from 4 % to 4.4 %",
        ),
        may(
            "visitorsPerDay",
            Shape::Whole { least: 1, most: 1_000_000_000 },
            "Units of its audience a day; without it nothing is compared",
        ),
        may(
            "days",
            Shape::Whole { least: 1, most: 3_650 },
            "How long it may run; from `start` to `end` if not given, else 60",
        ),
        may("power", Shape::Share, "Chance of finding a change of that size; 0.8 if not given"),
        may("alpha", Shape::Share, "Chance of a false alarm; 0.05 if not given"),
    ]
}

fn layer() -> Vec<Field> {
    vec![
        must("name", Shape::Text, "Layers of one name share their buckets"),
        must("range", list(Shape::Share), "From and to, as shares: [0, 0.5] is the first half"),
    ]
}

fn variant() -> Vec<Field> {
    vec![
        may("name", Shape::Text, "For people"),
        may("weight", Shape::Weight, "In proportion to the other weights; 1 if not given"),
        may("values", named(Shape::Any), "For code that reads them"),
        may("changes", list(Shape::Object("change", change)), "What changes on the page"),
        may(
            "slots",
            named(Shape::Object("list", super::slot::list_options)),
            "By key of a slot: how its list is made for this variant; what is not said here is as the slot has it",
        ),
    ]
}

/// A change has `select`, and one of the others; a redirect stands alone.
pub const CHANGE_KINDS: [&str; 11] =
    ["text", "attr", "class", "css", "hide", "show", "move", "insert", "image", "html", "redirect"];

fn change() -> Vec<Field> {
    vec![
        may(
            "select",
            one_or_many(Shape::Selector),
            "Which elements; every kind of change but `redirect` needs it",
        ),
        may("all", Shape::Bool, "true: every element that fits; else the first"),
        may(
            "wait",
            Shape::Whole { least: 0, most: 600_000 },
            "Milliseconds for the element to appear; 10000 if not given",
        ),
        may("text", Shape::Text, "New text content"),
        may("attr", named(Shape::Text), "Attributes to set; event handlers and styles are refused"),
        may("class", Shape::Object("class", class), "Classes to add and remove"),
        may("css", named(Shape::Text), "CSS properties to set"),
        may("hide", Shape::Bool, "true hides it from everyone"),
        may("show", Shape::Bool, "true shows what the page hides"),
        may("move", Shape::Object("move", movement), "Another place on the page"),
        may("insert", Shape::Object("insert", insert), "A new element"),
        may("image", Shape::Object("image", image), "Another picture"),
        may("html", Shape::Text, "New content as markup, sanitised; the file needs \"html\": true"),
        may("redirect", Shape::Text, "Another page, such as /b: the variant's only change"),
    ]
}

fn class() -> Vec<Field> {
    vec![
        may("add", one_or_many(Shape::Text), "Classes to add"),
        may("remove", one_or_many(Shape::Text), "Classes to remove"),
    ]
}

const PLACES: &[&str] = &["before", "after", "first", "last"];

fn movement() -> Vec<Field> {
    vec![
        must("to", Shape::Selector, "The element it goes to"),
        may(
            "place",
            Shape::Choice(PLACES),
            "Before or after that element, or its first or last child; `last` if not given",
        ),
    ]
}

fn insert() -> Vec<Field> {
    vec![
        may(
            "place",
            Shape::Choice(PLACES),
            "Before or after the selected element, or its first or last child; `last` if not given",
        ),
        must("element", Shape::Object("element", element), "What is inserted"),
    ]
}

fn element() -> Vec<Field> {
    vec![
        must("tag", Shape::Text, "Its tag name; scripts, styles and frames are refused"),
        may("attr", named(Shape::Text), "Its attributes"),
        may("class", one_or_many(Shape::Text), "Its classes"),
        may("text", Shape::Text, "Its text"),
        may("children", list(Shape::Object("element", element)), "Elements inside it"),
    ]
}

fn image() -> Vec<Field> {
    vec![
        must("src", Shape::Text, "Its address"),
        may("alt", Shape::Text, "What it shows, for those who do not see it"),
    ]
}

fn flag() -> Vec<Field> {
    vec![
        may("name", Shape::Text, "For people"),
        may("default", Shape::Any, "For whom no rule answers; without it, what the code falls back to"),
        may("rules", list(Shape::Object("rule", rule)), "The first that answers wins; at most 255"),
        may(
            "unit",
            Shape::Choice(&["visitor", "user", "session", "page view"]),
            "What shares count; `visitor` if not given",
        ),
        may("variants", named(Shape::Any), "Names for values, to be told with them"),
        may(
            "metadata",
            named(Shape::Any),
            "Texts, numbers, true or false: handed on by the OpenFeature provider",
        ),
        may("kill", Shape::Bool, "true: code gets what it falls back to"),
    ]
}

fn rule() -> Vec<Field> {
    vec![
        may("audience", Shape::Audience, "Whom the rule is for; everyone if not given"),
        may("force", Shape::Any, "The value they get"),
        may("share", Shape::Share, "Only this share of them; a higher one moves nobody out"),
        may(
            "seed",
            Shape::Whole { least: 0, most: u32::MAX as u64 },
            "Only to keep who is in the share after a rename, or to draw anew",
        ),
        may("experiment", Shape::Text, "Its variants' `values` have the value, under the flag's key"),
    ]
}

fn experience() -> Vec<Field> {
    vec![
        may("name", Shape::Text, "For people"),
        may("when", Shape::Object("when", when), "What sets it off; every page view if not given"),
        may("audience", Shape::Audience, "Who gets it"),
        may("basis", Shape::Choice(&["consent", "exempt"]), "Why it may store; `consent` if not given"),
        may("changes", list(Shape::Object("change", change)), "What changes on the page"),
        may(
            "holdout",
            Shape::Share,
            "Share that does not get it, to measure what it is worth; 0 if not given",
        ),
        may("cap", Shape::Object("cap", cap), "How often at most"),
        may(
            "analysis",
            Shape::Object("analysis", measured::analysis),
            "How reports judge it. Not in the plan",
        ),
        may(
            "late",
            Shape::Choice(LATE),
            "In page views where the visitor saw what would change before it could: `apply` (if not given) or `skip`",
        ),
    ]
}

fn when() -> Vec<Field> {
    vec![
        may("touchpoint", Shape::Text, "Which touchpoint sets it off; page_view if not given"),
        may("stage", Shape::Text, "Only in this stage of the journey"),
    ]
}

fn cap() -> Vec<Field> {
    vec![
        must("per", Shape::Choice(&["page view", "session", "ever"]), "Counted over what"),
        must("times", Shape::Whole { least: 1, most: 1_000 }, "How often"),
    ]
}

fn rows() -> Vec<Field> {
    vec![
        must(
            "url",
            Shape::Text,
            "Address of the JSON of `parlour rows --out`; {shard} stands for the number of the file",
        ),
        may("shards", Shape::Whole { least: 1, most: 4_096 }, "How many files there are; 1 if not given"),
    ]
}
