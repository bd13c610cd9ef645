//! A simple model of nights, written from the contract alone, and the program held to it.

mod cases;
mod judge;
mod laws;
mod life;
mod model;
mod program;
mod script;
mod world;
