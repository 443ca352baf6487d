"""Speed, as ratios that are measured in one run: absolute times prove nothing on a busy machine."""
