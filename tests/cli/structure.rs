//! Guards over the tests themselves.

use std::path::Path;

use crate::harness::{PROJECT, document};

#[test]
fn no_test_file_is_forgotten() {
    let tests = Path::new(PROJECT).join("tests");
    let mut count = 0;
    for binary in fs_err::read_dir(tests).expect("the folder of tests") {
        let binary = binary.expect("an entry").path();
        let name = binary.file_name().expect("a name").to_string_lossy();
        let main = document(&format!("tests/{name}/main.rs"));
        for file in fs_err::read_dir(&binary).expect("a folder of tests") {
            let path = file.expect("an entry").path();
            let stem = path.file_stem().expect("a name").to_string_lossy();
            let is_rust = path.extension().is_some_and(|ending| ending == "rs");
            if is_rust && stem != "main" {
                let line = format!("mod {stem};");
                let listed = main.lines().any(|found| found == line);
                assert!(listed, "tests/{name}/main.rs has no `{line}`");
                count += 1;
            }
        }
    }
    assert!(count > 20, "{count} files");
}
