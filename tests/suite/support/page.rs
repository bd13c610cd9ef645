//! The blocks of code of a page in Markdown.

/// A block of code.
#[derive(Clone, Copy, Debug)]
pub struct Block<'p> {
    /// What it is written in.
    pub language: &'p str,
    /// What is between its fences.
    pub text: &'p str,
}

/// The blocks of code of a page, in order.
pub fn blocks(page: &str) -> Vec<Block<'_>> {
    let fences = page.split("```").skip(1).step_by(2);
    let blocks = fences.filter_map(|block| block.split_once('\n'));
    blocks
        .map(|(language, text)| Block { language, text })
        .collect()
}
