// The forms of the alerts on System. Saving is a request: it is done when the bot's own settings show it.
(() => {
  const PATIENCE_MS = 10000;
  let asked = null; // which form was sent, how the forms looked then, and until when to wait

  const seen = () => document.querySelector('[data-part="alerts"]')?.dataset.seen;
  const line = key => document.querySelector(`[data-alerts="${key}"] .refused`);
  const noAnswer = () => document.querySelector('[data-no-answer]')?.dataset.noAnswer ?? '…';

  function wish(form) {
    if (!form.dataset.chat) {
      const numbers = [...form.querySelectorAll('[type="number"]')];
      return Object.fromEntries(numbers.map(one => [one.name, one.valueAsNumber]));
    }
    const {quiet_from_min: from, quiet_to_min: to, quiet_waits: waits} = form.elements;
    const quiet = Boolean(from.value && to.value);
    const hours = quiet ? {quiet_from_min: minutes(from.value), quiet_to_min: minutes(to.value)} : {};
    return {chat: form.dataset.chat, quiet, quiet_waits: waits.checked, ...hours};
  }

  function minutes(clock) {
    const [hours, rest] = clock.split(':').map(Number);
    return 60 * hours + rest;
  }

  function say(key, text) {
    const place = line(key);
    if (place && place.textContent !== text) place.textContent = text;
  }

  document.addEventListener('submit', async event => {
    const form = event.target.closest('[data-alerts]');
    if (!form) return;
    event.preventDefault();
    const key = form.dataset.alerts;
    say(key, '…');
    asked = {key, before: seen(), until: performance.now() + PATIENCE_MS};
    const headers = {'Content-Type': 'application/json'};
    try {
      const answer = await easun.ask('/alerts', {method: 'POST', headers, body: JSON.stringify(wish(form))});
      if (answer.ok) return;
      say(key, (await answer.json()).error ?? answer.statusText);
    } catch {
      say(key, noAnswer());
    }
    asked = null;
  });

  document.addEventListener('view', ({detail: {page}}) => {
    if (page !== 'system' || !asked) return;
    if (seen() !== asked.before) say(asked.key, line(asked.key)?.dataset.saved ?? '');
    else if (performance.now() > asked.until) say(asked.key, noAnswer());
    else return;
    asked = null;
  });
})();
