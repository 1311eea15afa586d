#![doc = include_str!("README.md")]

pub mod exchange;
pub mod person;
pub mod population;
