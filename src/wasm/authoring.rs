//! The compiler for pages that try things out, and for the npm command: text in, plan bytes and diagnostics out.

use serde::Serialize;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::authoring;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    #[serde(with = "serde_wasm_bindgen::preserve")]
    plan: JsValue,
    has_errors: bool,
    diagnostics: Vec<authoring::Diagnostic>,
    /// One line each, as the command prints them after the file's name.
    lines: Vec<String>,
}

/// `{plan: Uint8Array | undefined, hasErrors, diagnostics, lines}`.
///
/// # Errors
/// Never for mistakes in the text: those are diagnostics.
#[wasm_bindgen]
pub fn compile(text: &str, version: u32, issued: f64) -> Result<JsValue, JsValue> {
    let options = authoring::CompileOptions { version, issued_ms: issued as u64, ..Default::default() };
    let compiled = authoring::compile(text, &options);
    let outcome = Outcome {
        has_errors: compiled.has_errors(),
        plan: compiled
            .plan
            .map_or(JsValue::UNDEFINED, |plan| js_sys::Uint8Array::from(plan.as_slice()).into()),
        lines: compiled.diagnostics.iter().map(ToString::to_string).collect(),
        diagnostics: compiled.diagnostics,
    };
    serde_wasm_bindgen::to_value(&outcome).map_err(JsValue::from)
}

/// The JSON Schema of `parlour.json`, as text.
#[wasm_bindgen]
#[must_use]
pub fn schema() -> String {
    serde_json::to_string_pretty(&authoring::schema()).unwrap_or_default()
}
