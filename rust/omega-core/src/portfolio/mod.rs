//! Money, positions and books.

pub mod books;
pub mod currency;
pub mod holdings;
pub mod margin;
pub mod money;
pub mod position;
