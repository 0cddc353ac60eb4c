//! Texts that are decoded from a page, with the way back to the page.

/// Holds a decoded text, and the offset on the page of each part of it.
#[derive(Default)]
pub(super) struct Decoded {
    pub(super) text: String,
    /// Offsets at which each part begins, in the text and on the page, in order.
    parts: Vec<(usize, usize)>,
    /// Offsets in the text of entities that are not known and stay as they are.
    pub(super) unknown: Vec<usize>,
}

impl Decoded {
    /// Returns the offset on the page for an offset in the text.
    pub(super) fn on_page(&self, offset: usize) -> usize {
        let after = self.parts.partition_point(|&(start, _)| start <= offset);
        let part = after.checked_sub(1).and_then(|index| self.parts.get(index));
        part.map_or(0, |&(start, on_page)| on_page + (offset - start))
    }

    /// Begins a part that is on the page at this offset.
    pub(super) fn part(&mut self, on_page: usize) {
        self.parts.push((self.text.len(), on_page));
    }

    /// Begins a part and appends its text.
    pub(super) fn push(&mut self, text: &str, on_page: usize) {
        self.part(on_page);
        self.text += text;
    }
}
