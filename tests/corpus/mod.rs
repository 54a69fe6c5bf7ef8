//! GrowthBook's conformance corpus, from the crate that carries it.

use std::process::Command;

use serde_json::Value;

pub fn corpus() -> Value {
    let metadata =
        Command::new(env!("CARGO")).args(["metadata", "--format-version", "1", "--locked"]).output().unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "growthbook-rust").unwrap();
    let manifest = std::path::Path::new(package["manifest_path"].as_str().unwrap());
    let cases = std::fs::read(manifest.with_file_name("tests").join("cases/cases.json")).unwrap();
    serde_json::from_slice(&cases).unwrap()
}
