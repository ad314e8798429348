"""The report in a real browser. Skipped where there is no chromium, unless SIGNALPROOF_REQUIRE_BROWSER is set."""
