use throughline_schema::Fields;

#[derive(Fields)]
enum Place {
    Here,
}

#[derive(Fields)]
struct Size(u64);

#[derive(Fields)]
#[event(name = "size")]
struct Count {
    how_many: u64,
}

fn main() {}
