//! Which answer is drawn by whom.

use super::{
    Page, doctor, down, environments, instances, plan, proposal, prune, rows, smoke, status, up,
};
use crate::tell::Answer;

/// Returns the answer as text that ends with a line's end, or nothing.
pub(in crate::report) fn answer(answer: &Answer, page: Page) -> String {
    match answer {
        Answer::Silent | Answer::Lent { .. } | Answer::Exit { .. } => String::new(),
        Answer::Text { text } => whole_lines(text),
        Answer::Url { url } => whole_lines(url),
        Answer::Up(answer) => up::up(answer, page),
        Answer::Down(answer) => down::down(answer),
        Answer::Plan(answer) => plan::plan(answer, page),
        Answer::Status(answer) => status::status(answer, page),
        Answer::Doctor(answer) => doctor::doctor(answer, page),
        Answer::Smoke(answer) => smoke::smoke(answer, page),
        Answer::Proposal(answer) => proposal::proposal(answer),
        Answer::Environments(answer) => environments::environments(answer, page),
        Answer::Instances(answer) => instances::instances(answer, page),
        Answer::Prune(answer) => prune::prune(answer),
        Answer::Configuration(answer) | Answer::Explanation(answer) | Answer::Schema(answer) => {
            whole_lines(&answer.text)
        }
        Answer::Table(answer) => rows::rows(answer),
    }
}

fn whole_lines(text: &str) -> String {
    if text.is_empty() || text.ends_with('\n') {
        text.to_owned()
    } else {
        format!("{text}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_as_it_is_and_ends_its_line() {
        for (text, printed) in [("", ""), ("a", "a\n"), ("a\n\n", "a\n\n")] {
            let text = text.to_owned();
            let page = Page::of_width("", 40);
            assert_eq!(answer(&Answer::Text { text }, page), printed);
        }
        assert_eq!(answer(&Answer::Silent, Page::of_width("", 40)), "");
    }
}
