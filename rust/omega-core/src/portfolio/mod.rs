//! Money, positions and books.

pub mod books;
pub mod money;
pub mod position;
