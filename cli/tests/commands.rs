//! check, build, assign, decide, simulate and schema, as one types them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::path::Path;
use std::process::Output;

use common::{CONFIG, run};
use serde_json::{Value, json};
use tempfile::TempDir;

fn write(dir: &TempDir, name: &str, content: &str) -> String {
    let path = dir.path().join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

fn built(dir: &TempDir, config: &str) -> String {
    let (config, plan) = (write(dir, "parlour.json", config), dir.path().join("plan.bin"));
    let plan = plan.to_str().unwrap().to_owned();
    let output = run(&["build", &config, "-o", &plan], "");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    plan
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn check_names_the_place_the_mistake_and_the_cure() {
    let dir = TempDir::new().unwrap();
    let sound = write(&dir, "sound.json", CONFIG);
    let output = run(&["check", &sound], "");
    assert_eq!((output.status.code(), stdout(&output)), (Some(0), String::new()));

    let broken =
        write(&dir, "broken.json", &CONFIG.replace("\"audience\": \"german\"", "\"audience\": \"germann\""));
    let output = run(&["check", &broken], "");
    assert_eq!(output.status.code(), Some(1));
    let line = stdout(&output);
    assert!(line.starts_with(&format!("{broken}:13:")), "{line}");
    assert!(
        line.contains(" error E") && line.contains("/experiments/greeting") && line.contains("`german`"),
        "{line}"
    );

    let output = run(&["check", "--format", "json", &broken], "");
    assert_eq!(output.status.code(), Some(1));
    let found: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(found["ok"], false);
    assert_eq!(found["diagnostics"][0]["line"], 13);
    assert_eq!(found["diagnostics"][0]["severity"], "error");
}

#[test]
fn input_that_cannot_be_used_is_told_apart_from_problems_found() {
    let dir = TempDir::new().unwrap();
    let plan = built(&dir, CONFIG);
    let html = write(&dir, "page.bin", "<!doctype html><title>404</title>");
    let empty = write(&dir, "empty.bin", "");
    let binary = dir.path().join("latin1.json");
    std::fs::write(&binary, b"{\"site\": \"caf\xe9\"}").unwrap();
    let cut = dir.path().join("cut.bin");
    let whole = std::fs::read(&plan).unwrap();
    std::fs::write(&cut, &whole[..whole.len() - 7]).unwrap();
    let missing = dir.path().join("missing.json");
    for (args, expect) in [
        (vec!["check", missing.to_str().unwrap()], "cannot read"),
        (vec!["check", binary.to_str().unwrap()], "not UTF-8"),
        (vec!["check"], "Usage"),
        (vec!["frobnicate"], "unrecognized subcommand"),
        (vec!["assign", &html, "--experiment", "banner"], "not a plan"),
        (vec!["assign", &empty, "--experiment", "banner"], "not a plan"),
        (vec!["decide", cut.to_str().unwrap()], "cut short"),
        (vec!["assign", &plan, "--experiment", "baner"], "the plan has banner, greeting"),
        (vec!["assign", &plan, "--experiment", "banner", "--at", "yesterday"], "--at"),
        (vec!["serve", "--plan", &plan, "--config", &plan], "cannot be used with"),
        (vec!["serve", "--www", missing.to_str().unwrap()], "not a directory"),
    ] {
        let output = run(&args, "ann\n");
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(expect), "{args:?}: {}", stderr(&output));
        assert_eq!(stdout(&output), "", "{args:?}");
    }
}

#[test]
fn build_repeats_itself_and_counts_up_when_something_changed() {
    let dir = TempDir::new().unwrap();
    let plan = built(&dir, CONFIG);
    let first = std::fs::read(&plan).unwrap();
    built(&dir, CONFIG);
    assert_eq!(std::fs::read(&plan).unwrap(), first);
    built(&dir, &CONFIG.replace("Sale", "Summer sale"));
    let version = |path: &str| {
        let plan = parlour::plan::Plan::decode(&std::fs::read(path).unwrap()).unwrap();
        (plan.version(), plan.issued_ms())
    };
    assert_eq!(version(&plan).0, 2);
    assert!(version(&plan).1 > 1_700_000_000_000);
    let config = write(&dir, "parlour.json", CONFIG);
    let output =
        run(&["build", &config, "-o", &plan, "--plan-version", "7", "--issued", "2026-11-20T10:00:00Z"], "");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(version(&plan), (7, 1_795_168_800_000));
}

#[test]
fn decide_tells_what_flags_answer() {
    let dir = TempDir::new().unwrap();
    let plan = built(
        &dir,
        r#"{"site": "shop.example",
            "experiments": {"one": {"status": "running",
                "variants": {"a": {"weight": 0, "values": {"word": "x"}}, "b": {"values": {"word": "y"}}}}},
            "flags": {
                "word": {"default": "z", "rules": [{"audience": {"plan": "pro"}, "force": "w"}, {"experiment": "one"}]},
                "bare": {"rules": [{"audience": {"plan": "pro"}, "force": null}]}
            }}"#,
    );
    let output =
        run(&["decide", &plan], "{\"unit\":\"ann\"}\n{\"unit\":\"ann\",\"facts\":{\"plan\":\"pro\"}}\n");
    let flags: Vec<Value> = stdout(&output)
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["flags"].take())
        .collect();
    assert_eq!(
        flags,
        [
            json!({"word": {"value": "y", "variant": "b", "reason": "bucketed", "experiment": "one"},
                   "bare": {"value": null, "variant": null, "reason": "default"}}),
            json!({"word": {"value": "w", "variant": null, "reason": "targeting"},
                   "bare": {"value": null, "variant": null, "reason": "targeting"}}),
        ]
    );
}

#[test]
fn build_writes_nothing_broken_unless_told_to() {
    let dir = TempDir::new().unwrap();
    let plan = built(&dir, CONFIG);
    let before = std::fs::read(&plan).unwrap();
    let config = write(&dir, "parlour.json", &CONFIG.replace("\"german\",", "\"germann\","));
    let output = run(&["build", &config, "-o", &plan], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("germann") && stderr(&output).contains("not written"));
    assert_eq!(std::fs::read(&plan).unwrap(), before);
    let output = run(&["build", &config, "-o", &plan, "--partial"], "");
    assert_eq!(output.status.code(), Some(1));
    let decided = run(&["decide", &plan], "{\"unit\":\"ann\"}\n");
    let decisions: Value = serde_json::from_str(&stdout(&decided)).unwrap();
    assert_eq!(decisions["decisions"].as_object().unwrap().keys().collect::<Vec<_>>(), ["banner"]);
    assert!(!Path::new(&format!("{plan}.part")).exists());
}

#[test]
fn assign_prints_unit_variant_and_reason() {
    let dir = TempDir::new().unwrap();
    let plan = built(&dir, CONFIG);
    let ids: Vec<_> = (0..1_000).map(|index| format!("visitor-{index}-é")).collect();
    let output = run(&["assign", &plan, "--experiment", "banner"], &format!("{}\r\n\n", ids.join("\n")));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    let rows: Vec<Vec<_>> = text.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(rows.iter().map(|row| row[0]).collect::<Vec<_>>(), ids);
    let loud = rows.iter().filter(|row| row[1..] == ["loud", "bucketed"]).count();
    let control = rows.iter().filter(|row| row[1..] == ["control", "bucketed"]).count();
    assert_eq!(loud + control, 1_000);
    // 1000 draws at 3/4: five standard deviations are 68.
    assert!((682..=818).contains(&loud), "{loud}");

    for (at, expect) in [
        ("2026-06-01T00:00:00Z", "audience"),
        ("2025-06-01T00:00:00Z", "not-started"),
        ("2027-06-01T00:00:00Z", "ended"),
    ] {
        let output = run(&["assign", &plan, "--experiment", "greeting", "--at", at], "ann\n");
        assert_eq!(stdout(&output), format!("ann\t-\t{expect}\n"), "{at}");
    }
    let output = run(&["assign", &plan, "--experiment", "banner"], "ann\nb\tc\n");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("line 2"));
}

#[test]
fn decide_explains_the_way_to_each_answer_down_to_the_clause_that_failed() {
    let dir = TempDir::new().unwrap();
    let plan = built(&dir, CONFIG);
    let arguments = ["decide", &plan, "--at", "2026-06-01T00:00:00Z", "--explain"];
    let output = run(&arguments, "{\"unit\":\"ann\",\"facts\":{\"shopper.language\":\"fr\"}}\n");
    let answer: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let greeting = &answer["decisions"]["greeting"]["explanation"];
    assert_eq!(greeting["settled"], "audience");
    assert_eq!(greeting["passed"].as_array().unwrap().last().unwrap(), "prerequisite");
    let clause = greeting["clause"].as_str().unwrap();
    assert!(clause.contains("/shopper.language"), "{clause}");
    let banner = &answer["decisions"]["banner"]["explanation"];
    assert_eq!((banner["settled"].as_str(), banner.get("clause")), (Some("bucket"), None));
    assert!(banner["bucket"].as_f64().unwrap() > 0.0);
}

#[test]
fn decide_answers_every_experiment_from_the_facts_given() {
    let dir = TempDir::new().unwrap();
    let plan = built(&dir, CONFIG);
    let input = concat!(
        "{\"unit\":\"ann\",\"facts\":{\"shopper.language\":\"de\"}}\n\n",
        "{\"unit\":\"ann\",\"facts\":{\"shopper\":{\"language\":\"de\"}}}\n",
        "{\"unit\":\"ann\",\"facts\":{\"shopper.language\":\"fr\",\"unasked\":1}}\n",
        "{\"unit\":\"ann\"}\n",
        "{\"unit\":\"\"}\n",
    );
    let output = run(&["decide", &plan, "--at", "2026-06-01T00:00:00Z"], input);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let answers: Vec<Value> =
        stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let greeting = |index: usize| answers[index]["decisions"]["greeting"]["reason"].clone();
    assert_eq!(
        (0..5).map(greeting).collect::<Vec<_>>(),
        ["bucketed", "bucketed", "audience", "audience", "no-unit"].map(|reason| json!(reason))
    );
    assert_eq!(answers[0], answers[1]);
    assert!(answers[0]["decisions"]["greeting"]["variant"].is_string());
    assert_eq!(answers[2]["decisions"]["greeting"]["variant"], Value::Null);
    let assigned = run(&["assign", &plan, "--experiment", "banner"], "ann\n");
    assert_eq!(stdout(&assigned).split('\t').nth(1), answers[0]["decisions"]["banner"]["variant"].as_str());

    for wrong in
        ["ann", "{\"facts\":{}}", "{\"unit\":\"a\",\"fact\":{}}", "{\"unit\":\"a\",\"facts\":[1]}", "[]"]
    {
        let output = run(&["decide", &plan], wrong);
        assert_eq!(output.status.code(), Some(2), "{wrong}");
        assert!(stderr(&output).contains("line 1"), "{wrong}: {}", stderr(&output));
    }
}

#[test]
fn simulate_finds_the_weights_and_would_find_others() {
    let dir = TempDir::new().unwrap();
    let plan = built(&dir, CONFIG);
    let output = run(&["simulate", &plan, "--experiment", "banner", "--visitors", "40000"], "");
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(
        stdout(&output).contains("75.000%") && stdout(&output).contains(": fits the weights"),
        "{}",
        stdout(&output)
    );
    let again = run(&["simulate", &plan, "--experiment", "banner", "--visitors", "40000"], "");
    assert_eq!(stdout(&again), stdout(&output));

    let nobody = run(
        &["simulate", &plan, "--experiment", "greeting", "--at", "2026-06-01T00:00:00Z", "-n", "100"],
        "",
    );
    assert!(stdout(&nobody).contains("nothing to compare"), "{}", stdout(&nobody));
    let facts = ["--facts", "{\"shopper.language\":\"de\"}"];
    let german = [
        &["simulate", &plan, "--experiment", "greeting", "--at", "2026-06-01T00:00:00Z", "-n", "9000"][..],
        &facts,
    ]
    .concat();
    assert!(stdout(&run(&german, "")).contains(": fits the weights"));
}

#[test]
fn schema_is_the_published_json_schema() {
    let output = run(&["schema"], "");
    assert_eq!(output.status.code(), Some(0));
    let schema: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(schema, parlour::authoring::schema());
    assert!(schema["properties"]["experiments"].is_object());
}

#[test]
fn every_command_explains_itself() {
    for command in
        ["check", "build", "assign", "decide", "simulate", "power", "diff", "schema", "serve", "export"]
    {
        let output = run(&[command, "--help"], "");
        assert_eq!(output.status.code(), Some(0));
        assert!(stdout(&output).contains("Usage: parlour"), "{command}");
        assert!(stdout(&run(&["--help"], "")).contains(command));
    }
}

#[test]
fn import_writes_a_file_that_builds_and_says_what_cannot_work() {
    let dir = TempDir::new().unwrap();
    let payload = json!({ "status": 200, "features": { "new": { "defaultValue": false, "rules": [{ "force": true, "coverage": 0.5 }, {}] } } });
    let payload = write(&dir, "payload.json", &payload.to_string());
    let config = dir.path().join("parlour.json").to_str().unwrap().to_owned();
    let output = run(&["import", "growthbook", &payload, "-o", &config, "--site", "shop.example"], "");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("warning W232 /features/new/rules/1"), "{}", stderr(&output));
    let written = std::fs::read_to_string(&config).unwrap();
    built(&dir, &written);
    let written: Value = serde_json::from_str(&written).unwrap();
    assert_eq!((&written["site"][0], written.pointer("/growthbook/status")), (&json!("shop.example"), None));

    let secret = write(&dir, "secret.json", r#"{"encryptedFeatures": "a.b"}"#);
    let output = run(&["import", "growthbook", &secret, "-o", &config], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("E239"), "{}", stderr(&output));
}
