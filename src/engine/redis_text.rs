//! Texts in the configuration of a Redis or Valkey server.

/// Writes a text in a way that the server's configuration reads back as it is.
pub fn redis_text(text: &str) -> String {
    let bytes = text.bytes().map(|byte| format!("\\x{byte:02x}"));
    format!("\"{}\"", bytes.collect::<String>())
}

#[test]
fn no_byte_of_a_text_means_anything_else() {
    assert_eq!(redis_text("a \"b"), r#""\x61\x20\x22\x62""#);
}
