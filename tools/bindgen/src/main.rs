//! Turns a cargo-built wasm file into what the page loads: `parlour-bindgen INPUT.wasm OUT_DIR OUT_NAME`.
//!
//! wasm-bindgen wants crate and tool of one version; built from this workspace's lock file they cannot differ.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, out_dir, out_name] = arguments.as_slice() else {
        eprintln!("usage: parlour-bindgen INPUT.wasm OUT_DIR OUT_NAME");
        return ExitCode::from(2);
    };
    let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
    let generated = bindgen
        .input_path(input)
        .out_name(out_name)
        .typescript(false)
        .bundler(true)
        .and_then(|bindgen| bindgen.generate(out_dir));
    match generated {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("parlour-bindgen: {input}: {error:#}");
            ExitCode::FAILURE
        }
    }
}
