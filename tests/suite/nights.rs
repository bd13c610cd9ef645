//! A simple model of nights, written from the contract alone, and the program held to it.

mod cases;
mod judge;
mod laws;
mod life;
mod model;
mod program;
mod script;
mod world;
mod year;

#[allow(dead_code, reason = "the generator uses all of it")]
#[path = "../../benches/generate"]
mod generate {
    pub mod customer;
    pub mod networks;
    pub mod random;
    pub mod shape;
    #[path = "year.rs"]
    pub mod year;
}
