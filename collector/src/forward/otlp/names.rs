use std::{borrow::Cow, collections::HashSet};

/// Up to so many names it is faster to look at each than to hash one.
const FEW: usize = 32;

/// Names, none of which stands twice.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    few: Vec<Cow<'a, str>>,
    more: HashSet<Cow<'a, str>>,
}

impl<'a> Names<'a> {
    /// Adds `name`. Returns whether it was not there.
    pub(super) fn insert(&mut self, name: Cow<'a, str>) -> bool {
        if self.few.contains(&name) {
            return false;
        }
        if self.few.len() == FEW {
            return self.more.insert(name);
        }
        self.few.push(name);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_new_once() {
        let mut names = Names::default();
        for fresh in [true, false] {
            for number in 0..3 * FEW {
                assert_eq!(names.insert(number.to_string().into()), fresh, "{number}");
            }
        }
    }
}
