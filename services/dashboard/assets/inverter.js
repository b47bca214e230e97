// What can be changed on the inverter. A press asks the server what would happen, and only a second one, on the answer,
// changes anything. What came of it is what the server shows; it is said aloud once.
(() => {
  const PATIENCE_MS = 90000;
  const asked = new Map(); // by row: the outcome that stood there before, and until when to wait for another one
  let question = null; // what the dialog asks about

  const dialog = () => document.getElementById('setting-dialog');
  const row = key => document.querySelector(`[data-key="${CSS.escape(key)}"]`);

  document.addEventListener('click', event => {
    const {target} = event;
    const button = target.closest('[data-asks] [data-wish]');
    if (button && !button.disabled) consider(button.closest('[data-asks]'), wish(button));
    if (target.closest('#setting-no')) dialog().close();
    if (target.closest('#setting-yes')) change();
  });

  // what a button asks for, or the number that is chosen beside it
  function wish(button) {
    const chosen = button.parentElement.querySelector('select');
    return chosen ? {value: Number(chosen.value)} : JSON.parse(button.dataset.wish);
  }

  async function consider({dataset: {asks, key}}, what) {
    const answer = await post(`${asks}/question`, what);
    question = answer.error ? null : {asks, key, wish: answer.wish};
    const place = dialog();
    place.querySelector('h2').textContent = answer.title ?? row(key)?.querySelector('h3').textContent ?? '';
    place.querySelector('.sentences').replaceChildren(...(answer.sentences ?? []).map(paragraph));
    refuse(answer.error ?? '');
    if (!place.open) place.showModal();
    document.getElementById('setting-no').focus();
  }

  async function change() {
    if (!question) return;
    const {asks, key, wish: confirmed} = question;
    const yes = document.getElementById('setting-yes');
    const result = row(key)?.dataset.result ?? '';
    yes.disabled = true;
    const answer = await post(asks, confirmed);
    yes.disabled = false;
    if (answer.error) return refuse(answer.error);
    question = null;
    asked.set(key, {result, until: Date.now() + PATIENCE_MS});
    dialog().close();
    row(key)?.querySelector('details')?.removeAttribute('open');
    show();
  }

  function refuse(why) {
    dialog().querySelector('.refused').textContent = why;
    document.getElementById('setting-yes').hidden = Boolean(why);
  }

  function paragraph(text) {
    const element = document.createElement('p');
    element.textContent = text;
    return element;
  }

  // returns what the server answers, or {error}
  async function post(url, body) {
    const headers = {'Content-Type': 'application/json'};
    try {
      const answer = await easun.ask(url, {method: 'POST', headers, body: JSON.stringify(body)});
      const given = await answer.json();
      return answer.ok ? given : {error: given.error ?? answer.statusText};
    } catch {
      return {error: document.querySelector('[data-no-answer]')?.dataset.noAnswer ?? '…'};
    }
  }

  function show() {
    for (const one of document.querySelectorAll('[data-asks]')) {
      const {key, result} = one.dataset;
      const waiting = asked.get(key);
      const said = one.querySelector('.outcome, .value')?.textContent ?? '';
      if (waiting && result !== waiting.result) settle(one, said);
      else if (waiting && Date.now() > waiting.until) settle(one, document.getElementById('setting-result').dataset.none);
      one.toggleAttribute('data-asked', asked.has(key) && !one.querySelector('[data-outcome="pending"]'));
    }
  }

  function settle(one, words) {
    asked.delete(one.dataset.key);
    document.getElementById('setting-result').textContent = `${one.querySelector('h3').textContent}: ${words}`;
  }

  document.addEventListener('view', ({detail: {page}}) => { if (page === 'inverter') show(); });
})();
