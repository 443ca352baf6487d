# Sourced by run: decides which skipped tests are failures.

# Fails if tests were skipped for a reason that ALLOWED_SKIPS doesn't match.
expect_no_other_skips() { # a file with the output of `pytest -rs`
    local unexpected pattern
    unexpected=$(grep -E '^SKIPPED ' "$1" || true)
    for pattern in "${ALLOWED_SKIPS[@]}"; do
        unexpected=$(grep -vE "$pattern" <<<"$unexpected" || true)
    done
    [ -z "$unexpected" ] || fail "Tests that must run were skipped (ALLOWED_SKIPS in .ci/run lists the exceptions):
$unexpected"
}

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}
