// The guests' links on System. A new link is put together here and shown once: the server keeps only a hash of its code.
(() => {
  const at = id => document.getElementById(id);

  async function list() {
    if (easun.page() !== 'system' || !at('guest-links') || at('guest-links').contains(document.activeElement)) return;
    try {
      const answer = await easun.ask('/guests');
      if (answer.ok) at('guest-links').dataset.tree = await answer.text();
    } catch {
      // the notice says that the server is gone
    }
  }

  async function send(address, body) {
    at('guest-problem').textContent = '';
    const headers = {'Content-Type': 'application/json'};
    try {
      const answer = await easun.ask(address, {method: 'POST', headers, body: JSON.stringify(body)});
      const said = await answer.json();
      if (answer.ok) return said;
      at('guest-problem').textContent = said.error ?? answer.statusText;
    } catch {
      at('guest-problem').textContent = document.querySelector('[data-no-answer]')?.dataset.noAnswer ?? '…';
    }
    return null;
  }

  function show(code) {
    const {guest, kiosk} = at('guest-made').dataset;
    const plain = code.replaceAll('-', '');
    const made = {
      code,
      link: `${location.origin}${guest}#${plain}`,
      kiosk: `${location.origin}${guest}?next=${kiosk}#${plain}`,
    };
    for (const place of document.querySelectorAll('[data-made]')) place.textContent = made[place.dataset.made];
    at('guest-made').hidden = false;
  }

  document.addEventListener('submit', async event => {
    const form = event.target.closest('[data-make-guest]');
    if (!form) return;
    event.preventDefault();
    const said = await send('/guests', {name: form.elements.name.value});
    if (!said) return;
    show(said.code);
    document.activeElement.blur();
    list();
  });

  document.addEventListener('click', async event => {
    const id = event.target.closest('[data-withdraw]')?.dataset.withdraw;
    if (!id || !await send(`/guests/${encodeURIComponent(id)}/withdraw`, {})) return;
    document.activeElement.blur();
    list();
  });

  document.addEventListener('opened', () => {
    at('guest-made').hidden = true; // whoever leaves the page has seen it
    list();
  });
  setInterval(() => { if (!document.hidden) list(); }, 60000);
  list();
})();
