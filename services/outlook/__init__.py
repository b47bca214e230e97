"""The outlook: will the battery last through the outages ahead, and what to do so that it does.

Pure, from the bottom up: `history` (what goes in), `steps` (the record in five-minute steps), `plant`, `behaviour`,
`punctuality`, `sun`, `plug_power`, `state_of_charge`, `similar_days` (what is learned, each figure an `Estimate` with
its evidence), `paths` (many possible courses of the charge), `answers` (what they say of one outage), `forecast` (the
function), `grading` (how past forecasts turned out), `message` (as it travels on outlook/state).

    found = forecast(history, now, plan, reserve_percent=..., plugs=..., usage_correction=...)
    bus.publish(OUTLOOK_STATE, to_message(found, now, scorecard(graded, reserve), more))

`recorded_history` reads History and Plan from the recorder's database and from a schedule; `replay` prints a forecast
of the past. A year takes half a second to read, so a service reads it rarely and appends what has come since; a
forecast itself takes a fifth of a second. When an outage begins, the service keeps `standing_of(...)` the forecast
that stood; when it ends, a `Graded` with what came; `usage_correction` of them goes into the next forecast.
"""
