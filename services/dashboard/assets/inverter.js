// The settings of the inverter. A press asks the server what would happen, and only the answer to that question changes
// anything. What came of it is what the server shows; it is said aloud once.
(() => {
  const PATIENCE_MS = 90000;
  const asked = new Map(); // by setting: the outcome that stood there before, and until when to wait for another one
  let question = null; // what the dialog asks about

  const dialog = () => document.getElementById('setting-dialog');
  const address = setting => `/inverter/${setting.split('/').map(encodeURIComponent).join('/setting/')}`;

  document.addEventListener('click', event => {
    const {target} = event;
    const row = target.closest('[data-setting]');
    const choice = target.closest('[data-choose]');
    if (row && choice && !choice.disabled) consider(row, JSON.parse(choice.dataset.choose));
    const next = target.closest('[data-choose-number]');
    if (row && next && !next.disabled) consider(row, JSON.parse(row.querySelector('select').value));
    if (target.closest('#setting-no')) dialog().close();
    if (target.closest('#setting-yes')) change();
  });

  async function consider(row, value) {
    const {setting} = row.dataset;
    const answer = await post(`${address(setting)}/question`, {value});
    question = answer.error ? null : {setting, value, before: answer.before};
    const place = dialog();
    place.querySelector('h2').textContent = answer.title ?? row.querySelector('h3').textContent;
    place.querySelector('.sentences').replaceChildren(...(answer.sentences ?? []).map(paragraph));
    place.querySelector('.refused').textContent = answer.error ?? '';
    document.getElementById('setting-yes').hidden = Boolean(answer.error);
    place.showModal();
    document.getElementById('setting-no').focus();
  }

  async function change() {
    if (!question) return;
    const {setting, value, before} = question;
    const yes = document.getElementById('setting-yes');
    yes.disabled = true;
    const answer = await post(address(setting), {value, before});
    yes.disabled = false;
    if (answer.error) {
      dialog().querySelector('.refused').textContent = answer.error;
      yes.hidden = true;
      return;
    }
    question = null;
    asked.set(setting, {result: row(setting)?.dataset.result ?? '', until: Date.now() + PATIENCE_MS});
    dialog().close();
    fold(row(setting));
    show();
  }

  const row = setting => document.querySelector(`[data-setting="${CSS.escape(setting)}"]`);
  const fold = one => one?.querySelector('details')?.removeAttribute('open');

  function paragraph(text) {
    const element = document.createElement('p');
    element.textContent = text;
    return element;
  }

  // returns what the server answers, or {error}
  async function post(url, wish) {
    const headers = {'Content-Type': 'application/json'};
    try {
      const answer = await easun.ask(url, {method: 'POST', headers, body: JSON.stringify(wish)});
      const given = await answer.json();
      return answer.ok ? given : {error: given.error ?? answer.statusText};
    } catch {
      return {error: document.querySelector('[data-no-answer]')?.dataset.noAnswer ?? '…'};
    }
  }

  function show() {
    for (const one of document.querySelectorAll('[data-setting]')) {
      const wish = asked.get(one.dataset.setting);
      if (wish && one.dataset.result !== wish.result) settle(one, one.querySelector('.outcome')?.textContent);
      else if (wish && Date.now() > wish.until) settle(one, document.getElementById('setting-result').dataset.none);
      const waits = asked.has(one.dataset.setting) && !one.querySelector('[data-outcome="pending"]');
      one.toggleAttribute('data-asked', waits);
    }
  }

  function settle(one, words) {
    asked.delete(one.dataset.setting);
    document.getElementById('setting-result').textContent = `${one.querySelector('h3').textContent}: ${words ?? ''}`;
  }

  document.addEventListener('view', ({detail: {page}}) => { if (page === 'inverter') show(); });
})();
