"""The catalogue of rules, and the judgement of a transcript by it."""
