//! What the registry exports for people and for other tools.

use throughline_schema::lock::Lock;

/// Events with all that a lock can say of them.
const LOCK: &str = r#"{"format":1,"events":[
  {"name":"null","version":1,"level":"warn","kind":"log","message":"A `tick` | a pipe","description":"It <b>ended</b> | badly.","fields":[]},
  {"name":"user.login","version":1,"level":"info","kind":"log","message":"M","description":"Somebody logged in.","fields":[
    {"name":"user","type":"text","since":1,"description":"Who."}]},
  {"name":"user.login","version":2,"level":"info","kind":"span","delivery":"must","message":"{user} | {{ok}}","template":true,
   "description":"Somebody \"logged\" in.","fields":[
    {"name":"duration_us","type":"u64","since":1,"description":"How long."},
    {"name":"outcome","type":{"set":{"error":"It failed.","ok":"It worked."}},"since":1,"description":"How."},
    {"name":"user","type":"text","max_len":6,"since":1,"description":"Who | what."},
    {"name":"size","type":"u32","unit":"By","range":"10..=20","since":2,"description":"How large."},
    {"name":"rates","type":{"list":"f64"},"optional":true,"max_len":3,"range":"0.5..","since":2,"description":"How fast."},
    {"name":"email","type":"text","class":"personal","since":2,"description":"Where: \\ \"there\"."},
    {"name":"why","type":"error","optional":true,"since":2,"description":"Why."},
    {"name":"why.causes","type":{"list":"error"},"optional":true,"since":2,"description":"Why that."}]}],
 "keys":[{"name":"tenant.id","type":"text","class":"secret","scope":"propagated","description":"Whose."},
  {"name":"user","type":"text","scope":"local","description":"Who."}]}"#;

/// Compares with what is committed, or writes that with `THROUGHLINE_BLESS=1`.
fn assert_is(name: &str, text: &str) {
    let path = format!("{}/tests/integration/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var("THROUGHLINE_BLESS").is_ok_and(|bless| bless == "1") {
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&path).unwrap());
}

fn lock() -> Lock {
    Lock::parse(LOCK).unwrap()
}

#[test]
fn the_page_for_people_says_all_of_each_event() {
    assert_is("export.md", &lock().to_markdown());
}

#[test]
fn the_registry_for_weaver_says_all_that_its_format_has_words_for() {
    assert_is("export.yaml", &lock().to_weaver());
}

#[test]
fn an_example_line_is_what_the_schema_accepts() {
    let lock = Lock::of_program();
    for (lock, events) in [(&lock, &lock.events), (&self::lock(), &self::lock().events)] {
        let page = lock.to_markdown();
        let examples: Vec<_> = page.split("```json\n").skip(1).collect();
        assert_eq!(examples.len(), events.len());
        for (event, example) in events.iter().zip(examples) {
            let (example, _) = example.split_once("\n```").unwrap();
            let example = serde_json::from_str(example).unwrap();
            let schema = lock.event_schema(&event.name, event.version).unwrap();
            let schema = serde_json::from_str(&schema).unwrap();
            let validator = jsonschema::draft202012::new(&schema).unwrap();
            assert!(validator.is_valid(&example), "{example}: {:?}", validator.validate(&example));
        }
    }
}

#[test]
fn exports_are_the_same_bytes_each_time_whatever_the_order_of_a_lock_file() {
    let (one, mut other) = (lock(), lock());
    other.events.reverse();
    other.keys.reverse();
    let other = Lock::parse(&other.to_json()).unwrap();
    assert_eq!(one.to_json(), other.to_json());
    assert_eq!(one.stream_schema(), other.stream_schema());
    assert_eq!(one.to_weaver(), other.to_weaver());
    assert_eq!(one.to_markdown(), other.to_markdown());
    assert!(one.event_schema("user.login", 3).is_none());
}
