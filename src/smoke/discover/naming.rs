//! Names: of checks, from operations; and how names of parameters, paths, tables and columns are
//! compared.

use std::collections::BTreeSet;

use super::document::Operation;

/// The longest name of a check.
const LONGEST: usize = 40;

/// Returns a name for the check of an operation that is none of `taken`, and takes it.
pub(super) fn name(operation: &Operation, taken: &mut BTreeSet<String>) -> String {
    let id = operation.id.as_deref().map(|id| words(id).join("-"));
    let base = id.filter(|id| !id.is_empty()).unwrap_or_else(|| {
        let path = words(&operation.path).join("-");
        let path = if path.is_empty() { "root" } else { &path };
        format!("{}-{path}", operation.method.to_lowercase())
    });
    let mut count = 1;
    loop {
        let ending = if count == 1 {
            String::new()
        } else {
            format!("-{count}")
        };
        let name = format!("{}{ending}", cut(&base, LONGEST - ending.len()));
        if taken.insert(name.clone()) {
            return name;
        }
        count += 1;
    }
}

/// Cuts a name where it is too long, between two words where that leaves the half of it.
fn cut(name: &str, longest: usize) -> &str {
    if name.len() <= longest {
        return name;
    }
    let start = &name[..longest];
    let whole = name[longest..].starts_with('-');
    match start.rfind('-') {
        Some(end) if !whole && end >= longest / 2 => &start[..end],
        _ => start.trim_end_matches('-'),
    }
}

/// Returns the words of a name in lower case: `orig_code`, `origCode` and `Orig-Code` have two.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let signs: Vec<char> = name.chars().collect();
    for (index, sign) in signs.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| signs[before]);
        let begins = sign.is_ascii_uppercase() && {
            let after_small =
                before.is_some_and(|it| it.is_ascii_lowercase() || it.is_ascii_digit());
            let after_capital = before.is_some_and(|it| it.is_ascii_uppercase());
            let before_small = signs.get(index + 1).is_some_and(char::is_ascii_lowercase);
            after_small || (after_capital && before_small)
        };
        if begins || !sign.is_ascii_alphanumeric() {
            words.push(String::new());
        }
        if sign.is_ascii_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.push(sign.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Returns a name as columns are mostly written: `orig_code`.
pub(super) fn snake(name: &str) -> String {
    words(name).join("_")
}

/// Returns the name of one of what a name stands for: `order_items` is `order_item`.
pub(super) fn singular(name: &str) -> String {
    let name = snake(name);
    let stem = |ending: &str| name.strip_suffix(ending);
    if let Some(stem) = stem("ies").filter(|stem| stem.len() > 1) {
        return format!("{stem}y");
    }
    if let Some(stem) = stem("people") {
        return format!("{stem}person");
    }
    let hissing = ["sses", "shes", "ches", "xes"]
        .iter()
        .any(|it| name.ends_with(it));
    if hissing {
        return name[..name.len() - 2].to_owned();
    }
    if ["ss", "us", "is"].iter().any(|it| name.ends_with(it)) {
        return name;
    }
    stem("s").map_or_else(|| name.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(id: Option<&str>, path: &str) -> Operation {
        Operation {
            method: "GET".to_owned(),
            path: path.to_owned(),
            id: id.map(str::to_owned),
            summary: None,
            parameters: Vec::new(),
            responses: Vec::new(),
        }
    }

    #[test]
    fn checks_are_named_by_our_rules() {
        let mut taken = BTreeSet::from(["rates".to_owned()]);
        let mut check = |id: Option<&str>, path: &str, expected: &str| {
            let name = name(&operation(id, path), &mut taken);
            assert_eq!(name, expected);
            assert!(name.len() <= LONGEST);
        };
        check(Some("rates"), "/", "rates-2");
        check(Some("getRatesByPort"), "/", "get-rates-by-port");
        check(Some("listHTTPRoutes2"), "/", "list-http-routes2");
        check(
            Some("read_item_items__item_id__get"),
            "/",
            "read-item-items-item-id-get",
        );
        check(Some("PortController.find"), "/", "port-controller-find");
        check(Some("häfen"), "/", "h-fen");
        check(Some("港"), "/ports", "get-ports");
        check(None, "/", "get-root");
        check(None, "/ports/{code}/prices", "get-ports-code-prices");
        check(None, "/ports/{code}/prices/", "get-ports-code-prices-2");
        let long = "findAllTheShippingRatesBetweenTwoPortsOfTheWorld";
        check(Some(long), "/", "find-all-the-shipping-rates-between-two");
        check(Some(long), "/", "find-all-the-shipping-rates-between-2");
        check(Some(&"x".repeat(60)), "/", &"x".repeat(40));
        check(Some(&"x".repeat(60)), "/", &format!("{}-2", "x".repeat(38)));
    }

    #[test]
    fn names_are_compared_by_what_they_stand_for() {
        for (name, one) in [
            ("ports", "port"),
            ("Countries", "country"),
            ("orderItems", "order_item"),
            ("order-items", "order_item"),
            ("boxes", "box"),
            ("addresses", "address"),
            ("status", "status"),
            ("prices", "price"),
            ("people", "person"),
            ("user", "user"),
            ("analysis", "analysis"),
        ] {
            assert_eq!(singular(name), one);
        }
    }
}
