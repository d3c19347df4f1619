//! Airports: which time zone a local departure time means (`airports.tsv`, from the package `airportsdata`).

use std::collections::HashMap;
use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// What is known of one airport.
#[derive(Debug, Clone, Copy)]
pub struct Airport {
    pub iata: &'static str,
    pub zone_name: &'static str,
    pub city: &'static str,
    pub country: &'static str,
}

fn table() -> &'static HashMap<&'static str, Airport> {
    static TABLE: OnceLock<HashMap<&'static str, Airport>> = OnceLock::new();
    TABLE.get_or_init(|| {
        include_str!("airports.tsv")
            .lines()
            .filter_map(|line| {
                let mut cells = line.split('\t');
                let airport = Airport { iata: cells.next()?, zone_name: cells.next()?, city: cells.next()?, country: cells.next()? };
                Some((airport.iata, airport))
            })
            .collect()
    })
}

/// The airport with this IATA code, or nothing when the code is unknown.
#[must_use]
pub fn find(iata: &str) -> Option<&'static Airport> {
    table().get(iata)
}

impl Airport {
    /// The zone whose rules turn local times into instants.
    #[must_use]
    pub fn zone(&self) -> Option<TimeZone> {
        TimeZone::get(self.zone_name).ok()
    }

    /// The instant of a local time here. A time that a clock change skips or repeats means the earlier offset,
    /// as timetables do.
    #[must_use]
    pub fn instant(&self, local: DateTime) -> Option<Timestamp> {
        self.zone()?.to_ambiguous_zoned(local).compatible().ok().map(|zoned| zoned.timestamp())
    }

    /// The local time of an instant here.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> Option<DateTime> {
        Some(at.to_zoned(self.zone()?).datetime())
    }
}
