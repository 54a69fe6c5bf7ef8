#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| parlour_fuzz::targets::model(bytes));
