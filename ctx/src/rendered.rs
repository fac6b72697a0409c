use std::sync::OnceLock;

/// The forms into which writers rendered one context: a list that only ever grows, by one for each form. The first, which is mostly the only one, costs no
/// allocation but its own.
#[derive(Default)]
pub(crate) struct Rendered {
    form: OnceLock<Form>,
    others: OnceLock<Box<Rendered>>,
}

struct Form {
    id: u64,
    bytes: Box<[u8]>,
}

impl Rendered {
    /// The form of this id, made now if nobody has yet. Two threads that come first at once may both make it; one is kept.
    pub(crate) fn get(&self, id: u64, render: impl FnOnce() -> Box<[u8]>) -> &[u8] {
        let mut this = self;
        let mut render = Some(render);
        let mut made = None;
        loop {
            if this.form.get().is_none()
                && let Some(bytes) = made.take().or_else(|| render.take().map(|render| render()))
                && let Err(form) = this.form.set(Form { id, bytes })
            {
                made = Some(form.bytes); // another thread was faster
            }
            match this.form.get() {
                Some(form) if form.id == id => return &form.bytes,
                _ => this = this.others.get_or_init(Box::default),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_rendered_once_and_kept_apart_from_the_others() {
        let rendered = Rendered::default();
        for _ in 0..2 {
            for id in 0..3_u64 {
                let bytes = rendered.get(id, || Box::from(id.to_string().as_bytes()));
                assert_eq!(bytes, id.to_string().as_bytes());
            }
        }
        assert_eq!(rendered.get(1, || unreachable!("rendered before")), b"1");
    }

    #[test]
    fn threads_that_race_agree_on_one_form() {
        let rendered = Rendered::default();
        let seen: Vec<_> = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..4_u64)
                .map(|racer| {
                    scope.spawn({
                        let rendered = &rendered;
                        move || rendered.get(racer % 2, || vec![racer as u8].into())
                    })
                })
                .collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        assert_eq!((seen[0], seen[1]), (seen[2], seen[3]));
        assert_eq!((seen[0][0] % 2, seen[1][0] % 2), (0, 1));
    }
}
