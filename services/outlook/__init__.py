"""The outlook: will the battery last through the outages ahead, and what to do so that it does.

Pure, from the bottom up: `history` (what goes in), `steps` (the record in five-minute steps), `plant` (with
`charging_times`), `behaviour`, `punctuality`, `sun`, `plug_power`, `state_of_charge` (what is learned, each figure an
`Estimate` with its evidence), `similar_days` (the load ahead, out of `day_kinds`, `expected_load`, `past_trials` and,
with little record, `assumed_load`), `paths` (many possible courses of the charge), `answers` (what they say of one
outage), `forecast` (the function), `grading` (how past forecasts turned out), `message` (as it is published on
outlook/state).

    found = forecast(history, now, plan, reserve_percent=..., plugs=..., usage_correction=...)
    bus.publish(OUTLOOK_STATE, to_message(found, now, scorecard(graded, reserve), more))

`serve` does this every five minutes and whenever `live` sees that something has changed. `record` keeps the history in
memory: a year takes half a second to read, so it is read whole once a day, and in between only its last day; `live`
adds what the broker says now. `standings` keeps the forecast that was valid when an outage began, and grades it by the
record when power is back. `recorded_history` reads History and Plan from the recorder's database and from a schedule;
`replay` prints a forecast of the past.
"""
