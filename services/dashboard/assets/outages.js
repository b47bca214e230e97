// Counts down to the next change of the plan, by the server's clock: this device's may be wrong. The words are the
// server's, and stand there until the first tick.
(() => {
  const SECOND_MS = 1000;
  let ahead = 0; // how far the server's clock is ahead of this one

  const two = number => String(number).padStart(2, '0');

  function clock(seconds) {
    return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  }

  function tick() {
    for (const element of document.querySelectorAll('[data-page="outages"] [data-countdown]')) {
      const left = Date.parse(element.dateTime) - Date.now() - ahead;
      element.textContent = clock(Math.max(0, Math.round(left / SECOND_MS)));
    }
  }

  document.addEventListener('view', ({detail: {page, view}}) => {
    if (page !== 'outages') return;
    ahead = Date.parse(view.extra.now) - Date.now();
    tick();
  });
  setInterval(tick, SECOND_MS);
})();
