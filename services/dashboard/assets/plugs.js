// The switches of the plugs. A press is a request: it is shown as pending until the plug's state comes back from the
// server, which alone decides what is on. A refusal is shown beside the plug.
(() => {
  const PATIENCE_MS = 20000;
  const asked = new Map(); // by plug: what was requested, and until when to wait for it
  const errors = new Map();
  const unheard = new Set(); // plugs that were switched here, until what became of it is said

  const rows = () => document.querySelectorAll('[data-page="now"] [data-plug]');
  const problem = row => row.querySelector('.problem:not(.refused)')?.textContent ?? '';

  document.addEventListener('click', event => {
    const button = event.target.closest('[data-plug] :is(.switch, .gang)');
    if (!button || button.disabled || button.getAttribute('aria-disabled') === 'true') return;
    if (button.dataset.gang) askGang(button);
    else ask(button);
  });

  async function ask(button) {
    const row = button.closest('[data-plug]');
    const {plug} = row.dataset;
    const on = button.dataset.wish === 'true';
    errors.delete(plug);
    asked.set(plug, {on, problem: problem(row), until: performance.now() + PATIENCE_MS});
    unheard.add(plug);
    show();
    const why = await post(plug, on);
    if (!why) return;
    asked.delete(plug);
    errors.set(plug, why);
    show();
  }

  async function askGang(button) {
    const {plug} = button.closest('[data-plug]').dataset;
    button.disabled = true; // until the next state draws it anew
    const why = await post(plug, button.dataset.wish === 'true', button.dataset.gang);
    if (!why) return;
    button.disabled = false;
    errors.set(plug, why);
    show();
  }

  // returns why it was refused, as the server put it
  async function post(plug, on, gang) {
    const headers = {'Content-Type': 'application/json'};
    try {
      const body = JSON.stringify({on, gang});
      const answer = await easun.ask(`/plugs/${encodeURIComponent(plug)}`, {method: 'POST', headers, body});
      if (answer.ok) return '';
      return (await answer.json()).error ?? answer.statusText;
    } catch {
      return noAnswer();
    }
  }

  const noAnswer = () => document.querySelector('[data-no-answer]').dataset.noAnswer;

  function settle(row) {
    const {plug, state} = row.dataset;
    const wish = asked.get(plug);
    if (!wish) {
      if (state !== 'pending' && unheard.delete(plug)) announce(row);
      return;
    }
    const answered = state === (wish.on ? 'on' : 'off') || !['on', 'off', 'unknown'].includes(state)
      || problem(row) !== wish.problem;
    if (answered) asked.delete(plug);
    else if (performance.now() > wish.until) {
      asked.delete(plug);
      errors.set(plug, noAnswer());
    }
  }

  // says what became of a switch to those who do not see it
  function announce(row) {
    const [name, word] = ['.name', '.word'].map(part => row.querySelector(part).textContent);
    document.getElementById('plug-result').textContent = `${name}: ${word}`;
  }

  function show() {
    for (const row of rows()) {
      const button = row.querySelector('.switch');
      if (!button) continue;
      const waits = asked.has(row.dataset.plug);
      const word = row.querySelector('.word');
      word.dataset.told ??= word.textContent;
      word.textContent = waits ? button.dataset.asking : word.dataset.told;
      row.toggleAttribute('data-asked', waits);
      button.dataset.waits ??= button.getAttribute('aria-disabled'); // not disabled, which would lose the focus
      button.setAttribute('aria-disabled', waits || button.dataset.waits === 'true');
      report(row, errors.get(row.dataset.plug));
    }
  }

  function report(row, why = '') {
    const line = row.querySelector('.refused');
    if (line.textContent !== why) line.textContent = why; // or it would be read out every two seconds
  }

  document.addEventListener('view', ({detail: {page}}) => {
    if (page !== 'now') return;
    rows().forEach(settle);
    show();
  });
})();
