# Sourced by run: which skipped tests are no failure.

# Fails when tests were skipped for a reason that ALLOWED_SKIPS doesn't have.
expect_no_other_skips() { # a file with what `pytest -rs` printed
    local unexpected pattern
    unexpected=$(grep -E '^SKIPPED ' "$1" || true)
    for pattern in "${ALLOWED_SKIPS[@]}"; do
        unexpected=$(grep -vE "$pattern" <<<"$unexpected" || true)
    done
    [ -z "$unexpected" ] || fail "Tests were skipped that must run (ALLOWED_SKIPS in .ci/run names the exceptions):
$unexpected"
}

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}
