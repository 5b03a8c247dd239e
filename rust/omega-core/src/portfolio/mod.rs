//! Money, positions and books.

pub mod books;
pub mod holdings;
pub mod money;
pub mod position;
