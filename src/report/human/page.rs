//! Where an answer or a failure is drawn.

use super::super::paint::Paint;

/// What is known of the place, and of the command that answers.
#[derive(Clone, Copy)]
pub(in crate::report) struct Page<'a> {
    /// The command that ran: `up`. Empty where it did not say.
    pub(in crate::report) command: &'a str,
    pub(in crate::report) width: usize,
    /// In how many columns running text is broken into lines; none of it in a pipe.
    pub(in crate::report) wrap: usize,
    pub(in crate::report) paint: Paint,
}

#[cfg(test)]
impl Page<'_> {
    /// Returns a page without colours.
    pub(super) fn of_width(command: &str, width: usize) -> Page<'_> {
        Page {
            command,
            width,
            wrap: width,
            paint: Paint::new(false),
        }
    }
}
