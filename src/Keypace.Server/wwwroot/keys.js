// Keys, presses and menus, and the way back to where one was.
(() => {
  // --- keys ---------------------------------------------------------------------------------------------------
  const pages = { d: '/', k: '/keys', a: '/agents', p: '/playground', u: '/usage', t: '/tokens', s: '/settings' };
  let wentAt = 0;
  document.addEventListener('keydown', event => {
    const typing = event.target.closest?.('input, textarea, select, [contenteditable], dialog[open]');
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (Date.now() - wentAt < 1500 && pages[event.key]) { wentAt = 0; event.preventDefault(); Blazor.navigateTo(pages[event.key]); return; }
    wentAt = 0;
    switch (event.key) {
      case 'g': wentAt = Date.now(); break;
      case '/': { const search = document.querySelector('[data-search]'); if (search) { event.preventDefault(); search.focus(); search.select(); } break; }
      case 'n': { const button = document.querySelector('[data-new]'); if (button) { event.preventDefault(); button.click(); } break; }
      case '?': document.getElementById('shortcuts')?.showModal(); break;
      case 'F2': { const button = document.activeElement?.closest('tr, [data-row]')?.querySelector('[data-rename]'); if (button) { event.preventDefault(); button.click(); } break; }
      case 'ArrowDown': case 'ArrowUp': {
        const row = document.activeElement?.closest('tr[data-row]');
        const next = event.key === 'ArrowDown' ? row?.nextElementSibling : row?.previousElementSibling;
        const link = next?.querySelector('a');
        if (link) { event.preventDefault(); link.focus(); }
        break;
      }
    }
  });
  document.addEventListener('click', async event => {
    const at = name => event.target.closest?.(`[data-${name}]`);
    if (at('focus')) document.getElementById(at('focus').dataset.focus)?.focus();
    if (at('sidebar')) document.documentElement.classList.toggle('sidebar-open');
    else if (!event.target.closest?.('.sidebar') || event.target.closest('a')) document.documentElement.classList.remove('sidebar-open');
    if (at('close')) { const plain = at('close').closest('dialog#shortcuts'); if (plain) plain.close(); }
    if (at('copy')) {
      const button = at('copy');
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      button.classList.add('copied');
      setTimeout(() => button.classList.remove('copied'), 2000);
    }
    if (at('sign-out')) {
      await fetch('/sign-out', { method: 'POST', headers: { 'X-Keypace': '1' } });
      window.keypaceTheme.keep();
      location.replace('/sign-in');
    }
    if (at('tab-choice')) {
      const [choice, tabs] = [at('tab-choice'), at('tab-choice').closest('[data-tabs]')];
      tabs.dataset.tabs = choice.dataset.tabChoice;
      for (const other of tabs.querySelectorAll('[data-tab-choice]')) other.setAttribute('aria-pressed', String(other === choice));
    }
    if (at('reload')) { event.preventDefault(); location.assign(at('reload').getAttribute('href')); }
    // A row is one link, wherever it is pressed; its own buttons are themselves.
    const row = event.target.closest?.('tr[data-row]');
    if (row && !event.target.closest('a, button, input, .menu, [role=menu]') && !getSelection().toString()) row.querySelector('a[data-main]')?.click();
  });
  // A menu closes when the pointer or the focus goes elsewhere, and on Escape.
  document.addEventListener('pointerdown', event => { for (const menu of document.querySelectorAll('details.menu[open]')) if (!menu.contains(event.target)) menu.open = false; });
  document.addEventListener('focusin', event => { for (const menu of document.querySelectorAll('details.menu[open]')) if (!menu.contains(event.target)) menu.open = false; });
  document.addEventListener('keydown', event => {
    const menu = event.target.closest?.('details.menu[open]');
    if (!menu) return;
    if (event.key === 'Escape') { event.preventDefault(); event.stopPropagation(); menu.open = false; menu.querySelector('summary').focus(); return; }
    const items = [...menu.querySelectorAll('[role=menuitem]:not([disabled])')];
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (!step || !items.length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
  }, true);
  document.addEventListener('click', event => { const item = event.target.closest?.('details.menu [role=menuitem]'); if (item) item.closest('details').open = false; });

  // --- back to where one was -------------------------------------------------------------------------------------
  const places = new Map();
  addEventListener('scroll', () => places.set(location.href, scrollY), { passive: true });
  addEventListener('popstate', () => {
    const place = places.get(location.href);
    if (!place) return;
    let steady = 0, tries = 0;
    const timer = setInterval(() => {   // the page's rows and the focus of its heading come by and by
      steady = Math.abs(scrollY - place) < 2 ? steady + 1 : 0;
      if (!steady) scrollTo(0, place);
      if (steady > 8 || ++tries > 80) clearInterval(timer);
    }, 50);
    for (const end of ['wheel', 'touchstart', 'keydown']) addEventListener(end, () => clearInterval(timer), { once: true, passive: true });
  });

  Object.assign(window.keypace, {
    focus: element => element?.focus(),
    select: element => { element?.focus(); element?.select?.(); },
    arrived: () => {
      const heading = document.querySelector('h1');
      if (!heading || document.activeElement?.matches('input, textarea, select, dialog *')) return;
      if (!heading.hasAttribute('tabindex')) heading.tabIndex = -1;
      heading.focus();
    },
  });
})();
