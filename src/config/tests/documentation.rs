//! The examples of docs/configuration.md have no unknown key and no wrong form.

use std::path::PathBuf;

use super::super::mistake::Mistakes;
use super::super::schema::{ROOT, Shape};
use super::super::source::Source;
use super::super::{normal, parse};

#[test]
fn examples_are_right() {
    let page = include_str!("../../../docs/configuration.md");
    let blocks = page.split("```toml\n").skip(1);
    let mut count = 0;
    for block in blocks {
        let text = block.split("```").next().unwrap_or_default().to_owned();
        let source = Source::file(PathBuf::new(), "docs/configuration.md", false, text);
        let (mut root, mut mistakes) = parse::document(&source);
        normal::expand(&mut root, Shape::Table(&ROOT), "", &mut mistakes);
        if let Err(mistakes) = Mistakes::check(mistakes) {
            panic!("{mistakes}");
        }
        count += 1;
    }
    assert!(count > 10, "{count} examples");
}
