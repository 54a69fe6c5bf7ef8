//! What a payload may hold, field by field. Conditions are read as their SDKs read them.

use super::super::shape::{Field, Shape, list, may, must, named};

pub fn shape() -> Shape {
    Shape::Object("growthbook", || {
        vec![
            may(
                "features",
                named(Shape::Object("growthbookFeature", feature)),
                "Features, as their SDKs get them",
            ),
            may(
                "experiments",
                list(Shape::Object("growthbookExperiment", auto_experiment)),
                "Experiments that start by the page's address",
            ),
            may("savedGroups", named(Shape::Any), "Lists for $inGroup and $notInGroup"),
            may(
                "contextualBandits",
                named(Shape::Object("growthbookBandit", bandit)),
                "Weights by context, for rules with `contextualBanditRef`",
            ),
            may("stickyBuckets", Shape::Bool, "true keeps variations in sticky documents on the device"),
            may("enabled", Shape::Bool, "false stops all of its experiments"),
            may("qaMode", Shape::Bool, "true: nothing is random, only what is forced has a variation"),
        ]
    })
}

fn feature() -> Vec<Field> {
    vec![
        may("defaultValue", Shape::Any, "The value where no rule gives one; null if not given"),
        may("rules", list(Shape::Object("growthbookRule", rule)), "The first that gives a value wins"),
    ]
}

fn rule() -> Vec<Field> {
    let mut fields = vec![
        may("force", Shape::Any, "The value it gives"),
        may("range", numbers(), "Part of the buckets: [from, to]"),
        may("contextualVariations", list(Shape::Any), "Values of a contextual bandit"),
        may("contextualBanditRef", Shape::Text, "A name of `contextualBandits`"),
        may("id", Shape::Text, "For people"),
        may("tracks", Shape::Any, "Of remote evaluation: not read"),
        may("type", Shape::Any, "For people"),
        may("enabled", Shape::Any, "For people: disabled rules are not in payloads"),
        may("banditVersion", Shape::Any, "For people"),
    ];
    fields.extend(experiment());
    fields
}

fn auto_experiment() -> Vec<Field> {
    let mut fields = vec![
        may("urlPatterns", list(Shape::Object("growthbookUrl", url_pattern)), "On which addresses it runs"),
        may("persistQueryString", Shape::Bool, "Redirects keep the parameters of the address"),
        may("status", Shape::Text, "draft, running or stopped"),
        may("active", Shape::Bool, "false: it does not run"),
        may("force", Shape::Number, "The variation that all who take part get"),
        may("manual", Shape::Bool, "Started by code"),
        may("changeId", Shape::Text, "For people"),
        may("project", Shape::Text, "For people"),
    ];
    fields.extend(experiment());
    fields
}

fn experiment() -> Vec<Field> {
    vec![
        may("key", Shape::Text, "The experiment's key"),
        may("name", Shape::Text, "For people"),
        may("phase", Shape::Any, "For people"),
        may("variations", list(Shape::Any), "Values"),
        may("weights", numbers(), "One a variation, 1 in all"),
        may("meta", list(Shape::Object("growthbookMeta", meta)), "Keys and names of variations"),
        may("condition", Shape::Any, "Over attributes"),
        may("parentConditions", list(Shape::Object("growthbookParent", parent)), "Prerequisites"),
        may("coverage", Shape::Number, "Share that takes part"),
        may("ranges", list(numbers()), "Buckets of each variation, instead of weights"),
        may("namespace", list(Shape::Any), "Name, from, to"),
        may("filters", list(Shape::Object("growthbookFilter", filter)), "In by a hash of its own"),
        may("seed", Shape::Text, "Hashed with the value; the key if not given"),
        may("hashAttribute", Shape::Text, "The attribute that is hashed; `id` if not given"),
        may("hashVersion", Shape::Number, "1 or 2"),
        may("fallbackAttribute", Shape::Text, "Hashed where the other is missing, with sticky documents"),
        may("disableStickyBucketing", Shape::Bool, "true: no sticky documents"),
        may("bucketVersion", Shape::Number, "Raise it to start sticky documents anew"),
        may("minBucketVersion", Shape::Number, "Who has an earlier one is out"),
    ]
}

fn meta() -> Vec<Field> {
    vec![
        may("key", Shape::Text, "The variation's key; its number if not given"),
        may("name", Shape::Text, "For people"),
        may("passthrough", Shape::Bool, "true: evaluation goes on to the next rule"),
    ]
}

fn parent() -> Vec<Field> {
    vec![
        must("id", Shape::Text, "The feature that is looked at"),
        may("condition", Shape::Any, "Over its `value`"),
        may("gate", Shape::Bool, "true: where it does not hold the feature is null"),
    ]
}

fn filter() -> Vec<Field> {
    vec![
        may("attribute", Shape::Text, "What is hashed; `id` if not given"),
        must("seed", Shape::Text, "Hashed with it"),
        may("hashVersion", Shape::Number, "1 or 2; 2 if not given"),
        must("ranges", list(numbers()), "Who is in"),
    ]
}

fn url_pattern() -> Vec<Field> {
    vec![
        must("type", Shape::Choice(&["simple", "regex"]), "How the pattern is read"),
        must("pattern", Shape::Text, "Of the address"),
        may("include", Shape::Bool, "false: not there"),
    ]
}

fn bandit() -> Vec<Field> {
    vec![
        may("banditVersion", Shape::Any, "Told with exposures"),
        may("contexts", list(Shape::Object("growthbookContext", context)), "The first that fits"),
        may("attributes", Shape::Any, "For people"),
    ]
}

fn context() -> Vec<Field> {
    vec![
        may("leafId", Shape::Any, "Told with exposures"),
        may("condition", Shape::Any, "Over attributes"),
        may("weights", numbers(), "One a variation, 1 in all"),
    ]
}

fn numbers() -> Shape {
    list(Shape::Number)
}
