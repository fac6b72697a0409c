#!/bin/sh
# Prints how many instructions an event takes: by hand, and by throughline. Needs valgrind.
#
# Each is run with two numbers of events; what the program does besides is the same in both, and drops out.
set -eu
cd "$(dirname "$0")"
cargo build --release --quiet --bin instructions
bin=${CARGO_TARGET_DIR:-target}/release/instructions
few=2000
many=12000

count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$bin" "$@" 2>&1 |
        awk '/Collected/ { print $NF }'
}

echo "| contestant | W1 | W2 | W3 |"
echo "|---|--:|--:|--:|"
for contestant in "by hand" "throughline, typed" "throughline, macro"; do
    row="| $contestant |"
    for work in W1 W2 W3; do
        low=$(count "$contestant" "$work" $few)
        high=$(count "$contestant" "$work" $many)
        row="$row $(((high - low) / (many - few))) |"
    done
    echo "$row"
done
