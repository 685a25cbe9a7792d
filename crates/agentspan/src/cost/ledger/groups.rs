//! What runs have spent, by their agents and their tags.

use super::lines::{Lines, Place};
use crate::cost::books::{BookLine, Spend};
use agentspan_semconv::session::SESSION_ID;
use agentspan_semconv::user::USER_ID;
use foldhash::fast::RandomState as FastHash;
use opentelemetry::KeyValue;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};

/// The lines of agents and of tags. What runs of one agent with the same tags spend is added up once, for all their lines
/// together, until somebody reads the books.
#[derive(Debug, Default)]
pub(super) struct Groups {
    agents: Lines,
    tags: Lines,
    /// Where groups stand, by a hash of agent and tags.
    by_hash: HashMap<u64, usize, FastHash>,
    groups: Vec<Group>,
}

/// Groups that there are; the calls of runs of later ones are posted line by line.
const MAX_GROUPS: usize = 1_000;

/// To what the calls of a run are posted.
#[derive(Debug)]
pub(super) enum Account {
    /// To one of the groups.
    Shared(usize),
    /// To the lines themselves, where there are too many groups.
    Own(Box<Places>),
}

/// The lines of runs of one agent with the same tags.
#[derive(Debug)]
pub(super) struct Places {
    agent: Place,
    tags: Vec<Place>,
    /// Of the model that was called last, and is likely to be called again.
    model: Place,
}

#[derive(Debug)]
struct Group {
    places: Places,
    spend: Spend,
}

impl Groups {
    /// Where the calls of a run are posted. Names are put together in `name`.
    pub(super) fn account(&mut self, agent: &str, inherited: &[KeyValue], name: &mut String) -> Account {
        let mut hasher = self.by_hash.hasher().build_hasher();
        hasher.write(agent.as_bytes());
        for tag in tags(inherited) {
            hasher.write(tag.key.as_str().as_bytes());
            hasher.write(tag.value.as_str().as_bytes());
        }
        let hash = hasher.finish();
        let known = self.by_hash.get(&hash).copied();
        if let Some(place) = known.filter(|place| self.is_at(*place, agent, inherited)) {
            return Account::Shared(place);
        }
        let tag = |tag: &KeyValue| self.tags.place_of([tag.key.as_str(), "=", &tag.value.as_str()], name);
        let tags = tags(inherited).map(tag).collect();
        let agent = self.agents.place(agent);
        let places = Places { agent, tags, model: None };
        let place = self.groups.len();
        if known.is_some() || place >= MAX_GROUPS {
            return Account::Own(Box::new(places));
        }
        self.groups.push(Group { places, spend: Spend::default() });
        self.by_hash.insert(hash, place);
        Account::Shared(place)
    }

    /// Whether a group is that of runs of this agent with these tags.
    fn is_at(&self, place: usize, agent: &str, inherited: &[KeyValue]) -> bool {
        let places = &self.groups[place].places;
        let mut given = tags(inherited);
        let is_tag = |place: &Place| {
            given
                .next()
                .is_some_and(|tag| self.tags.is_at(*place, [tag.key.as_str(), "=", &tag.value.as_str()]))
        };
        let is_all = self.agents.is_at(places.agent, [agent]) && places.tags.iter().all(is_tag);
        is_all && given.next().is_none()
    }

    /// Posts a call; gives the place of the model that was called before it.
    #[inline]
    pub(super) fn add<'a>(&'a mut self, account: &'a mut Account, spend: &Spend) -> &'a mut Place {
        match account {
            Account::Shared(place) => {
                let group = &mut self.groups[*place];
                group.spend.add(spend);
                &mut group.places.model
            }
            Account::Own(places) => {
                self.agents.add(places.agent, spend);
                places.tags.iter().for_each(|place| self.tags.add(*place, spend));
                &mut places.model
            }
        }
    }

    /// By the name of the agent.
    pub(super) fn agents(&self) -> Vec<BookLine> {
        self.agents.sorted(self.groups.iter().map(|group| (group.places.agent, &group.spend)))
    }

    /// By key and value of the tags.
    pub(super) fn tags(&self) -> Vec<BookLine> {
        self.tags.sorted(
            self.groups.iter().flat_map(|group| group.places.tags.iter().map(|place| (*place, &group.spend))),
        )
    }
}

/// Sessions and users are too many, and nobody's business here.
fn tags(inherited: &[KeyValue]) -> impl Iterator<Item = &KeyValue> {
    inherited.iter().filter(|known| ![SESSION_ID, USER_ID].contains(&known.key.as_str()))
}
