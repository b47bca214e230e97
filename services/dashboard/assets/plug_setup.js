// The buttons of a plug on System. A press is a request: the button waits until what the server shows has changed.
(() => {
  const PATIENCE_MS = 10000;
  const asked = new Map(); // by button: what it asked for, and until when to wait
  const errors = new Map(); // by plug

  document.addEventListener('click', event => {
    const button = event.target.closest('[data-plug-setup]');
    if (button && !button.disabled) ask(button, button.closest('[data-setup-of]').dataset.setupOf);
  });

  async function ask(button, plug) {
    const {id, dataset: {plugSetup}} = button;
    errors.delete(plug);
    asked.set(id, {plugSetup, until: Date.now() + PATIENCE_MS});
    show();
    const why = await post(plug, plugSetup);
    if (!why) return;
    asked.delete(id);
    errors.set(plug, why);
    show();
  }

  async function post(plug, body) {
    const headers = {'Content-Type': 'application/json'};
    try {
      const answer = await easun.ask(`/plugs/${encodeURIComponent(plug)}/setup`, {method: 'POST', headers, body});
      return answer.ok ? '' : (await answer.json()).error ?? answer.statusText;
    } catch {
      return document.querySelector('[data-no-answer]')?.dataset.noAnswer ?? '…';
    }
  }

  function show() {
    for (const row of document.querySelectorAll('[data-setup-of]')) {
      for (const button of row.querySelectorAll('[data-plug-setup]')) settle(button);
      const line = row.querySelector('.refused');
      const why = errors.get(row.dataset.setupOf) ?? '';
      if (line && line.textContent !== why) line.textContent = why;
    }
  }

  function settle(button) {
    const wish = asked.get(button.id);
    const waits = wish && wish.plugSetup === button.dataset.plugSetup && Date.now() < wish.until;
    if (wish && !waits) asked.delete(button.id);
    button.dataset.closed ??= button.disabled;
    button.disabled = waits || button.dataset.closed === 'true';
    button.toggleAttribute('aria-busy', Boolean(waits));
  }

  document.addEventListener('view', ({detail: {page}}) => { if (page === 'system') show(); });
})();
