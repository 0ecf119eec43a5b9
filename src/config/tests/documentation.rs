//! docs/configuration.md names every key and no other, and its examples are right.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::super::mistake::Mistakes;
use super::super::schema::{ROOT, Shape};
use super::super::source::Source;
use super::super::trail::Trail;
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
        normal::expand(&mut root, Shape::Table(&ROOT), Trail::Root, &mut mistakes);
        if let Err(mistakes) = Mistakes::check(mistakes) {
            panic!("{mistakes}");
        }
        count += 1;
    }
    assert!(count > 10, "{count} examples");
}

#[test]
fn every_key_is_documented_and_no_other() {
    let page = include_str!("../../../docs/configuration.md");
    let mut known = BTreeSet::new();
    keys(Shape::Table(&ROOT), &mut known);
    for key in &known {
        let named = [format!("`{key}`"), format!(".{key}`"), format!("[{key}]")];
        let named = named.iter().any(|name| page.contains(name));
        // The tables of names have a chapter each.
        assert!(named || page.contains(&format!("[{key}.NAME]")), "{key}");
    }
    for table in page.split("| key |").skip(1) {
        let rows = table
            .lines()
            .skip(2)
            .take_while(|line| line.starts_with('|'));
        for row in rows {
            let first = row.trim_start_matches('|').split('|').next();
            let names = first.unwrap_or_default().split('`').skip(1).step_by(2);
            for name in names.filter_map(|name| name.rsplit('.').next()) {
                assert!(known.contains(name), "{name} in {row}");
            }
        }
    }
}

fn keys(shape: Shape, known: &mut BTreeSet<&'static str>) {
    match shape {
        Shape::Value(_) => {}
        Shape::Named(named) => keys(named.each, known),
        Shape::Table(fields) => {
            for (key, shape) in fields.keys {
                known.insert(key);
                keys(*shape, known);
            }
        }
    }
}
