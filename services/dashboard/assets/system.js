// The page System: light or dark by choice, and the way out.
(() => {
  const KEPT = 'mantine-color-scheme-value';

  function choose(look) {
    localStorage.setItem(KEPT, look);
    // Mantine listens to what other windows choose, so it hears of this as if one of them had
    dispatchEvent(new StorageEvent('storage', {key: KEPT, newValue: look, storageArea: localStorage}));
    mark();
  }

  function mark() {
    const chosen = localStorage.getItem(KEPT) ?? 'auto';
    for (const button of document.querySelectorAll('[data-look]')) {
      button.setAttribute('aria-pressed', button.dataset.look === chosen);
    }
  }

  async function logOut() {
    const token = document.querySelector('meta[name="csrf"]').content;
    await fetch('/logout', {method: 'POST', headers: {'X-CSRF-Token': token}});
    location.assign('/login');
  }

  document.addEventListener('click', event => {
    const look = event.target.closest('[data-look]')?.dataset.look;
    if (look) choose(look);
    if (event.target.closest('[data-log-out]')) logOut();
  });
  document.addEventListener('view', event => { if (event.detail.page === 'system') mark(); });
})();
