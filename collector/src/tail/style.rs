use anstyle::AnsiColor;

/// How to show things: with colours or without, and how wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    colour: bool,
    width: Option<usize>,
}

impl Style {
    /// With colours or without; each line cut at `width` characters, if there is one.
    pub fn new(colour: bool, width: Option<usize>) -> Self {
        Self { colour, width }
    }

    /// Without colours, and as wide as it gets: for files and tests.
    pub fn plain() -> Self {
        Self::default()
    }
}

/// The look of a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    Plain,
    Dim,
    Bold,
    Green,
    Yellow,
    Red,
    Cyan,
}

impl Paint {
    fn style(self) -> anstyle::Style {
        let style = anstyle::Style::new();
        match self {
            Self::Plain => style,
            Self::Dim => style.dimmed(),
            Self::Bold => style.bold(),
            Self::Green => AnsiColor::Green.on_default(),
            Self::Yellow => AnsiColor::Yellow.on_default(),
            Self::Red => AnsiColor::Red.on_default().bold(),
            Self::Cyan => AnsiColor::Cyan.on_default(),
        }
    }
}

/// One line of output, in pieces.
#[derive(Debug, Default)]
pub(crate) struct Painted(Vec<(Paint, String)>);

impl Painted {
    pub(crate) fn push(&mut self, paint: Paint, text: impl Into<String>) -> &mut Self {
        self.0.push((paint, text.into()));
        self
    }

    pub(crate) fn plain(&mut self, text: impl Into<String>) -> &mut Self {
        self.push(Paint::Plain, text)
    }

    /// Appends the line to `out`, without blanks at its end, and a line feed.
    pub(crate) fn write(mut self, style: &Style, out: &mut String) {
        while let Some((_, last)) = self.0.last_mut() {
            last.truncate(last.trim_end().len());
            if !last.is_empty() {
                break;
            }
            self.0.pop();
        }
        let total: usize = self.0.iter().map(|(_, text)| text.chars().count()).sum();
        let cut = style.width.filter(|width| total > *width);
        let mut room = cut.map_or(usize::MAX, |width| width.saturating_sub(1));
        for (paint, mut text) in self.0 {
            let len = text.chars().count();
            if len > room {
                text = text.chars().take(room).collect();
            }
            room -= len.min(room);
            if style.colour && paint != Paint::Plain && !text.is_empty() {
                let ansi = paint.style();
                out.push_str(&format!("{ansi}{text}{ansi:#}"));
            } else {
                out.push_str(&text);
            }
        }
        if cut.is_some() {
            out.push('…');
        }
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(style: Style) -> String {
        let mut line = Painted::default();
        line.push(Paint::Red, "red").plain(" plain  ").push(Paint::Dim, "");
        let mut out = String::new();
        line.write(&style, &mut out);
        out
    }

    #[test]
    fn cuts_what_is_too_wide_whatever_its_colour() {
        assert_eq!(shown(Style::plain()), "red plain\n");
        assert_eq!(shown(Style::new(false, Some(9))), "red plain\n");
        assert_eq!(shown(Style::new(false, Some(8))), "red pla…\n");
        assert_eq!(shown(Style::new(false, Some(2))), "r…\n");
        let coloured = shown(Style::new(true, Some(5)));
        assert!(coloured.starts_with("\x1b[") && coloured.ends_with(" …\n"), "{coloured:?}");
    }
}
