use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

use super::*;

fn mask(secrets: &[&str]) -> Mask {
    Mask::new(secrets.iter().copied())
}

fn check(secrets: &[&str], text: &str, masked: &str) {
    assert_eq!(mask(secrets).apply(text), masked);
}

/// Numbers that look like chance and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
    }

    fn text(&mut self, signs: &[char], length: usize) -> String {
        let sign = |_| signs[self.below(signs.len())];
        (0..length).map(sign).collect()
    }
}

const SIGNS: &str =
    "abcXYZ019 !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\u{e4}\u{df}\u{20ac}\u{1f600}\t\x1b";

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

/// What other programs make of a text, each by its own code.
fn written(secret: &str, chance: &mut Chance) -> Vec<String> {
    let around: Vec<u8> = (0..8)
        .map(|_| u8::try_from(chance.below(256)).unwrap())
        .collect();
    let (before, after) = around.split_at(chance.below(around.len()));
    let bytes = [before, secret.as_bytes(), after].concat();
    let form = |text: &str| {
        let mut url = url::Url::parse("http://localhost/x").unwrap();
        url.query_pairs_mut().append_pair("key", text);
        url.query().unwrap().to_owned()
    };
    let mut login = url::Url::parse("http://localhost/x").unwrap();
    login.set_password(Some(secret)).unwrap();
    let mut path = url::Url::parse("http://localhost/").unwrap();
    // Space of other kinds than this is left out of a path, and so is a secret with it.
    let segment = secret.replace('\t', "");
    path.path_segments_mut().unwrap().push(&segment);
    let json = serde_json::json!({ "key": secret }).to_string();
    vec![
        BASE64_STANDARD.encode(&bytes),
        BASE64_URL_SAFE_NO_PAD.encode(&bytes),
        BASE64_STANDARD.encode(secret),
        hex(&bytes).to_uppercase(),
        hex(&bytes),
        form(secret),
        login.to_string(),
        if segment == secret {
            path.to_string()
        } else {
            secret.to_owned()
        },
        format!("next={}", form(&form(secret))),
        serde_json::Value::from(json.clone()).to_string(),
        json,
        format!("{secret:?}"),
        secret.as_bytes().escape_ascii().to_string(),
        quick_xml::escape::escape(secret).into_owned(),
        quick_xml::escape::partial_escape(secret).into_owned(),
        shell_words::quote(secret).into_owned(),
        format!("'{}'", secret.replace('\'', "''")),
        format!("key={secret}\n"),
    ]
}

#[test]
fn no_spelling_of_any_secret_is_left() {
    let signs: Vec<char> = SIGNS.chars().collect();
    let chance = &mut Chance(0x5eed);
    for round in 0..60 {
        let length = 6 + chance.below(60);
        // Such a start keeps space away from both ends, which is not counted as secret.
        let secret = format!("k{}k", chance.text(&signs, length));
        let mask = mask(&[&secret]);
        for text in written(&secret, chance) {
            let masked = mask.apply(&text);
            assert!(masked.contains("***"), "{round}: {secret:?} in {text:?}");
            let stays = masked.replace("***", "").len();
            // What stood around it, and no more than a letter of base64 on each side.
            assert!(
                stays <= text.len() - secret.len(),
                "{round}: {secret:?} {masked:?}"
            );
            assert_eq!(mask.apply(&masked), masked);
            let mut hidden = text.clone();
            mask.hide_in(&mut hidden);
            assert_eq!(hidden, masked);
        }
    }
}

#[test]
fn base64_leaves_no_bits_of_a_secret_at_its_edges() {
    let mask = mask(&["hunter2-and-more"]);
    for before in ["", "u", "us", "use"] {
        for after in ["", "!", "!!", "!!!"] {
            let text = BASE64_STANDARD.encode(format!("{before}hunter2-and-more{after}"));
            let masked = mask.apply(&format!("<{text}>"));
            let (left, right) = masked.split_once("***").unwrap();
            let left = left.trim_start_matches('<');
            assert!(left.len() <= (before.len() * 4).div_ceil(3), "{masked}");
            let right = right.trim_end_matches(['=', '>']);
            assert!(right.len() <= (after.len() * 4).div_ceil(3), "{masked}");
        }
    }
}

#[test]
fn a_long_secret_is_hidden_where_base64_breaks_its_lines() {
    let secret = "correct horse battery staple ".repeat(8);
    let encoded = BASE64_STANDARD.encode(secret.trim());
    let mask = mask(&[&secret]);
    for width in [64, 76] {
        // A short last line says less than a word.
        let lines = encoded.as_bytes().chunks(width);
        for line in lines.filter(|line| line.len() >= SHORTEST_PIECE) {
            let line = String::from_utf8_lossy(line).into_owned();
            assert_eq!(mask.apply(&line), "***", "{line}");
        }
    }
}

#[test]
fn what_other_languages_write_is_hidden() {
    let mask = mask(&["a \"b/c'\\<ä😀&+"]);
    for text in [
        // JSON of Go, of PHP, of Python.
        r#"a \"b/c'\\\u003cä😀\u0026+"#,
        r#"a \"b\/c'\\<\u00e4\ud83d\ude00&+"#,
        r#"a \"b/c'\\<\u00e4\ud83d\ude00&+"#,
        // `repr`, `ascii` and bytes of Python.
        r#"a "b/c\'\\<ä😀&+"#,
        r#"a "b/c\'\\<\xe4\U0001f600&+"#,
        r#"a "b/c\'\\<\xc3\xa4\xf0\x9f\x98\x80&+"#,
        // `%q` and `%+q` of Go.
        r#"a \"b/c'\\<\u00e4\U0001f600&+"#,
        // Templates of Go and Django, and of Handlebars.
        "a &#34;b/c&#39;\\&lt;ä😀&amp;&#43;",
        "a &quot;b/c&#x27;\\&lt;ä😀&amp;+",
        // JavaScript's encodeURIComponent.
        "a%20%22b%2Fc'%5C%3C%C3%A4%F0%9F%98%80%26%2B",
        // Python's shlex, and printf %q of a shell.
        r#"a "b/c'"'"'\<ä😀&+"#,
        r#"a\ \"b/c\'\\\<ä😀\&+"#,
    ] {
        assert_eq!(mask.apply(&format!("<{text}>")), "<***>", "{text}");
    }
}

#[test]
fn secrets_are_masked_wherever_they_stand() {
    check(&["s3cret"], "a s3cret and s3crets", "a *** and ***s");
    check(&["abcd", "abcdef"], "abcdef abcd", "*** ***");
    check(
        &["p@ss/w"],
        "postgres://u:p%40ss%2Fw@db",
        "postgres://u:***@db",
    );
    check(&["s3cret\n"], "is s3cret.", "is ***.");
    check(&["abab"], "ababab", "***ab");
    check(&["key-", "key-of-mine"], "key-of-mine, key-", "***, ***");
}

#[test]
fn what_is_too_short_hides_nothing() {
    check(
        &["", " ", "*", "****", "abc", "{}\n"],
        "a **** abc {}",
        "a **** abc {}",
    );
    check(&["äöüß"], "äöüß", "***");
}

#[test]
fn a_secret_of_several_lines_is_hidden_line_by_line() {
    check(
        &["-----BEGIN KEY-----\nMIIEpAIBAAKC\n}\n"],
        "key: MIIEpAIBAAKC }",
        "key: *** }",
    );
}

#[test]
fn the_start_of_a_secret_is_hidden_where_a_text_was_cut_off() {
    let mask = mask(&["s3cret-token", "pä\"ss\\word"]);
    for (text, expect) in [
        ("a s3cret-token b", "a *** b"),
        ("unknown s3cret-tok", "unknown ***"),
        ("unknown s3c", "unknown ***"),
        ("unknown s3", "unknown s3"),
        (r#"begins p\xc3\xa4\"ss\\wo"#, "begins ***"),
    ] {
        assert_eq!(mask.apply_to_start(text), expect, "{text}");
    }
}

#[test]
fn one_secret_more_is_hidden_beside_the_others() {
    let mut mask = mask(&["first"]);
    assert_eq!(mask.apply("first, second"), "***, second");
    let before = mask.clone();
    mask.add(["second"]);
    assert_eq!(mask.apply("first, second"), "***, ***");
    assert_eq!(before.apply("first, second"), "***, second");
}

#[test]
fn a_cut_leaves_no_half_of_a_secret() {
    let mask = mask(&["0123456789"]);
    assert_eq!(
        mask.excerpt("ab0123456789cd", 4),
        "ab***… (14 bytes in all)"
    );
    assert_eq!(mask.excerpt("ab0123456789", 5), "ab***");
    assert_eq!(mask.excerpt("äöü", 4), "äö… (6 bytes in all)");
    assert_eq!(mask.excerpt("äöü", 3), "äö… (6 bytes in all)");
    assert_eq!(mask.excerpt("abcd0123456789", 4), "abcd… (14 bytes in all)");
    assert_eq!(mask.excerpt("", 0), "");
}
