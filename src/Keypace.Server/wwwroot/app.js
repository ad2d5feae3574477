// What the pages need of the browser itself: times in the reader's zone, forms with secrets, dialogs, keys, and the connection.
(() => {
  // --- times -------------------------------------------------------------------------------------------------
  const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const minute = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
  const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
  const dayYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
  const zone = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' });
  const exactly = date => `${dayYear.format(date)}, ${clock.format(date)}.${String(date.getMilliseconds()).padStart(3, '0')} ${zone.formatToParts(date).find(part => part.type === 'timeZoneName').value}`;
  const span = ms => ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : ms < 100_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
  const past = (date, now) => {
    const ms = now - date;
    if (ms < 1000) return 'now';
    if (ms < 60_000) return `${Math.floor(ms / 1000)} s ago`;
    if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ago`;
    const today = new Date(now);
    return date.toDateString() === today.toDateString() ? minute.format(date) : (date.getFullYear() === today.getFullYear() ? day : dayYear).format(date);
  };
  const written = (element, now) => {
    const date = new Date(+element.dataset.time);
    switch (element.dataset.style) {
      case 'clock': return clock.format(date);
      case 'exact': return `${clock.format(date)}.${Math.floor(date.getMilliseconds() / 100)}`;
      case 'day': return dayYear.format(date);
      case 'countdown': return date <= now ? 'now' : `in ${span(date - now)}`;
      default: return past(date, now);
    }
  };
  const writeTime = (element, now) => {
    const text = written(element, now);
    if (element.textContent !== text) element.textContent = text;
    if (element.dataset.titled !== element.dataset.time) {
      element.title = exactly(new Date(+element.dataset.time));
      element.dataset.titled = element.dataset.time;
    }
  };
  const writeTimes = () => { const now = Date.now(); for (const element of document.querySelectorAll('time[data-time]')) writeTime(element, now); };
  new MutationObserver(changes => {
    const now = Date.now();
    for (const change of changes) {
      if (change.type === 'attributes') writeTime(change.target, now);
      else for (const node of change.addedNodes) if (node.nodeType === 1) {
        if (node.matches('time[data-time]')) writeTime(node, now);
        for (const element of node.querySelectorAll('time[data-time]')) writeTime(element, now);
        if (node.matches('[data-theme-choice]') || node.querySelector('[data-theme-choice]')) window.keypaceTheme.apply();
      }
    }
  }).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ['data-time', 'data-style'] });
  setInterval(() => { const now = Date.now(); for (const element of document.querySelectorAll('time[data-style=countdown]')) writeTime(element, now); }, 100);
  setInterval(writeTimes, 1000);

  // --- forms whose secrets stay out of the circuit --------------------------------------------------------------
  const drafts = {
    key: name => `keypace-draft-${name}`,
    // Only on the page where it was typed: a dialog that was left behind by going elsewhere does not follow.
    load: name => { try { const draft = JSON.parse(sessionStorage.getItem(drafts.key(name))); return draft?.['draft.page'] === location.pathname ? draft : null; } catch { return null; } },
    clear: name => sessionStorage.removeItem(drafts.key(name)),
    save: form => {
      const fields = { 'draft.page': location.pathname };
      for (const field of form.elements) if (field.name && !('secret' in field.dataset) && !(field.type === 'radio' && !field.checked)) fields[field.name] = field.type === 'checkbox' ? String(field.checked) : field.value;
      sessionStorage.setItem(drafts.key(form.dataset.draft), JSON.stringify(fields));
    },
  };
  const onTyped = event => {
    const form = event.target.form;
    if (!form) return;
    form.dataset.typed = 'true';
    if (form.dataset.draft) drafts.save(form);
  };
  document.addEventListener('input', onTyped);
  document.addEventListener('change', onTyped);

  // A number is sent as one only if it is one, also as the pages write it (1,000): what is not is refused by the route in its own words, not here.
  const groups = /^-?\d{1,3}(?:[,'’\u0020\u00a0\u202f]\d{3})+$/;
  const numberOf = text => groups.test(text) ? Number(text.replace(/[^\d-]/g, '')) : /^-?\d+$/.test(text) ? Number(text) : null;
  const valueOf = field => field.type === 'checkbox' ? field.checked : 'number' in field.dataset ? numberOf(field.value.trim()) ?? field.value : field.value;
  const collect = (form, only) => {
    const body = {};
    for (const field of form.elements) {
      if (!field.name || (only && !only.includes(field.name.split('.')[0]))) continue;
      if (field.value.trim() === '' && !('keep' in field.dataset)) continue;
      const path = field.name.split('.');
      let at = body;
      for (const step of path.slice(0, -1)) at = at[step] ??= {};
      at[path.at(-1)] = valueOf(field);
    }
    return body;
  };
  const send = async (form, method, url, options) => {
    const body = { ...collect(form, options?.only), ...options?.extra };
    for (const [from, to] of Object.entries(options?.rename ?? {})) if (from in body) { body[to] = body[from]; delete body[from]; }
    try {
      const answer = await fetch(url, { method, headers: { 'Content-Type': 'application/json', 'X-Keypace': '1' }, body: JSON.stringify(body) });
      const text = await answer.text();
      if (answer.ok && options?.empties) emptySecrets(form);
      return { status: answer.status, body: text };
    } catch {
      return { status: 0, body: '' };
    }
  };
  // A new token goes from the route's answer into the page, and no further: the page's connection learns everything but the token itself.
  let newToken = '';
  const token = {
    make: async (form, url, options) => {
      const answer = await send(form, 'POST', url, options);
      if (answer.status !== 200) return answer;
      const { token: text, ...rest } = JSON.parse(answer.body);
      newToken = text;
      return { status: answer.status, body: JSON.stringify(rest) };
    },
    show: element => { for (const place of element.querySelectorAll('[data-shown-token]')) place.textContent = newToken; },
    forget: () => { newToken = ''; },
  };
  const emptySecrets = root => { for (const field of root.querySelectorAll('[data-secret]')) field.value = ''; };
  const hasSecret = form => [...form.querySelectorAll('[data-secret]')].some(field => field.value !== '');
  const focusError = form => {
    const field = form.querySelector('[aria-invalid=true]');
    const folded = field?.closest('details');
    if (folded) folded.open = true;
    field?.focus();
  };

  // Shown only while it is held.
  const reveal = (button, show) => {
    const field = document.getElementById(button.dataset.reveal);
    if (!field) return;
    if (field.tagName === 'INPUT') field.type = show ? 'text' : 'password';
    else field.toggleAttribute('data-hidden', !show);
    button.querySelector('span').textContent = show ? 'Release to hide' : 'Hold to show';
    button.classList.toggle('held', show);
  };
  let held = null;
  const hold = button => { held = button; reveal(button, true); };
  const release = () => { if (held) reveal(held, false); held = null; };
  document.addEventListener('pointerdown', event => { const button = event.target.closest?.('[data-reveal]'); if (button && event.button === 0) { event.preventDefault(); hold(button); } });
  for (const end of ['pointerup', 'pointercancel', 'blur']) window.addEventListener(end, release);
  document.addEventListener('visibilitychange', release);

  // --- dialogs --------------------------------------------------------------------------------------------------
  const openers = new WeakMap();
  const edited = new WeakMap();
  // Typed just now, or before the server or the session ended.
  const isTyped = form => form && (form.dataset.typed === 'true' || (form.dataset.draft && drafts.load(form.dataset.draft) !== null));
  const remember = element => { const field = document.activeElement; if (element.contains(field) && field.matches('input, select, textarea')) edited.set(element, field); };
  const dialog = {
    open: (element, owner, holds) => {
      openers.set(element, document.activeElement);
      element.showModal();
      (element.querySelector('[autofocus]') ?? element.querySelector('.dialog-body :is(input, select, textarea, button)'))?.focus();
      const leave = () => { remember(element); if (!holds && !('holds' in element.dataset)) owner.invokeMethodAsync('LeaveAsync', Boolean(isTyped(element.querySelector('form')))); };
      // Escape is taken as a key: a second one that only the browser sees would close the dialog whatever we say.
      element.onkeydown = event => { if (event.key === 'Escape' && !event.defaultPrevented) { event.preventDefault(); leave(); } };
      element.oncancel = event => { event.preventDefault(); leave(); };
      element.onclose = () => { if (element.childElementCount && !('closing' in element.dataset)) element.showModal(); };
      element.onclick = event => { if (event.target.closest('[data-close]')) leave(); };
      delete element.dataset.closing;
    },
    // The question has the focus, on the answer that loses nothing.
    ask: element => element.querySelector('[data-keep]')?.focus(),
    keep: element => (edited.get(element) ?? element.querySelector('.dialog-body :is(input, select, textarea, button)'))?.focus(),
    close: element => {
      emptySecrets(element);
      element.dataset.closing = '';
      element.close();
      openers.get(element)?.focus?.();
    },
  };
  // Enter submits from a field, Ctrl+Enter from everywhere.
  document.addEventListener('keydown', event => {
    const button = event.target.closest?.('[data-reveal]');
    if (button && event.key === ' ' && !event.repeat) { event.preventDefault(); hold(button); return; }
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      const form = event.target.form ?? event.target.closest?.('form');
      if (form) { event.preventDefault(); event.target.dispatchEvent(new Event('change', { bubbles: true })); form.querySelector('[data-default]')?.click(); }
    }
  });
  document.addEventListener('keyup', event => { if (event.key === ' ') release(); });

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

  // --- the connection -------------------------------------------------------------------------------------------
  const banner = document.getElementById('connection');
  const icon = path => `<svg class="icon" width="20" height="20" viewBox="0 0 24 24" fill="currentColor" aria-hidden="true">${path}</svg>`;
  const cloudOff = '<path d="M24 15c0-2.64-2.05-4.78-4.65-4.96C18.67 6.59 15.64 4 12 4c-1.33 0-2.57.36-3.65.97l1.49 1.49C10.51 6.17 11.23 6 12 6c3.04 0 5.5 2.46 5.5 5.5v.5H19c1.66 0 3 1.34 3 3 0 .99-.48 1.85-1.21 2.4l1.41 1.41c1.09-.92 1.8-2.27 1.8-3.81zM4.41 3.86 3 5.27l2.77 2.77h-.42C2.34 8.36 0 10.91 0 14c0 3.31 2.69 6 6 6h11.73l2 2 1.41-1.41L4.41 3.86zM6 18c-2.21 0-4-1.79-4-4s1.79-4 4-4h1.73l8 8H6z"/>';
  const check = '<path d="M12 2C6.48 2 2 6.48 2 12s4.48 10 10 10 10-4.48 10-10S17.52 2 12 2zm0 18c-4.41 0-8-3.59-8-8s3.59-8 8-8 8 3.59 8 8-3.59 8-8 8zm4.59-12.42L10 14.17l-2.59-2.58L6 13l4 4 8-8-1.41-1.42z"/>';
  const logout = '<path d="m17 8-1.41 1.41L17.17 11H9v2h8.17l-1.58 1.58L17 16l4-4-4-4zM5 5h7V3H5c-1.1 0-2 .9-2 2v14c0 1.1.9 2 2 2h7v-2H5V5z"/>';
  let lost = null;
  const show = (kind, html) => {
    // A modal dialog leaves nothing behind it within reach, so it shows inside.
    (document.querySelector('dialog[open]') ?? document.body).append(banner);
    banner.className = `connection ${kind}`;
    banner.innerHTML = html;
    banner.hidden = false;
  };
  const onLost = () => {
    if (lost) return;
    lost = { since: Date.now(), tries: 0 };
    document.documentElement.classList.add('lost');
    lost.shown = setTimeout(() => show('lost-server', `${icon(cloudOff)}<div><strong>The server is not answering.</strong> Trying again. Figures are as of ${clock.format(lost.since)}. What you typed is kept.</div><button type="button" class="button small" data-try>Try now</button>`), 1000);
    retry();
  };
  const onEnded = () => {
    clearTimeout(lost.shown);
    const back = `/sign-in?return=${encodeURIComponent(location.pathname + location.search)}`;
    show('lost-server', `${icon(logout)}<div><strong>Your session ended.</strong> You come back to this page, with the form as it was. The secret must be entered again.</div><a class="button primary small" href="${back}" data-reload>Sign in</a>`);
  };
  const isSignedOut = async () => !(await (await fetch('/sign-in/state', { signal: AbortSignal.timeout(5000) })).json()).signed_in;
  const retry = async () => {
    if (!lost) return;
    try {
      if (await isSignedOut()) { onEnded(); return; }
      if (await Blazor.reconnect()) { onBack(); return; }
      // The server is there, but knows this page no more: it was started again. The form comes back from the browser's own store.
      location.reload();
      return;
    } catch { /* not there yet */ }
    if (!lost) return;
    lost.tries++;
    lost.timer = setTimeout(retry, Math.min(5000, 500 * lost.tries));
  };
  const onBack = () => {
    if (!lost) return;
    const wasShown = !banner.hidden;
    clearTimeout(lost.timer);
    clearTimeout(lost.shown);
    lost = null;
    document.documentElement.classList.remove('lost');
    banner.hidden = true;
    if (!wasShown) return;
    show('server-back', `${icon(check)}<div><strong>Connected again.</strong> Figures are live.</div>`);
    setTimeout(() => { banner.hidden = true; }, 3000);
  };
  document.addEventListener('click', event => { if (event.target.closest?.('[data-try]') && lost) { clearTimeout(lost.timer); retry(); } });

  // --- before the connection is there ---------------------------------------------------------------------------
  // Links work by themselves. A button that was pressed too early is pressed again when somebody listens; what was typed into the search is kept.
  const root = document.documentElement;
  const early = { button: null, search: null };
  let live = false;   // not read from the class: a page that comes by a link pressed before the connection was there takes the class away again
  const isConnected = () => live;
  const nameOf = button => button.getAttribute('aria-label') ?? button.textContent.trim();
  document.addEventListener('click', event => {
    const button = event.target.closest?.('button');
    if (isConnected() || !button || ['focus', 'sidebar', 'copy', 'signOut', 'themeChoice', 'try', 'tabChoice'].some(name => name in button.dataset)) return;
    event.preventDefault();
    early.button = nameOf(button);
    button.setAttribute('aria-busy', 'true');
  }, true);
  document.addEventListener('input', event => { if (!isConnected() && event.target.matches?.('[data-search]')) early.search = event.target.value; }, true);
  // A page whose own script sends its form says so by data-listens; until then the press is kept for it.
  document.addEventListener('submit', event => { if (event.target.dataset.listens === 'not yet') event.target.dataset.listens = 'pressed'; });
  const connected = () => {
    if (isConnected()) return;
    live = true;
    root.classList.add('connected');
    new MutationObserver(() => { if (!root.classList.contains('connected')) root.classList.add('connected'); }).observe(root, { attributeFilter: ['class'] });
    setTimeout(() => {
      const search = document.querySelector('[data-search]');
      if (early.search !== null && search) { search.value = early.search; search.dispatchEvent(new Event('input', { bubbles: true })); search.focus(); }
      if (early.button !== null) [...document.querySelectorAll('button')].find(button => nameOf(button) === early.button)?.click();
    });
  };

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

  window.keypace = {
    connected, send, token, dialog, drafts, emptySecrets, hasSecret, focusError,
    valueOf: (form, name) => form.elements[name]?.value ?? '',
    setValue: (form, name, value) => { const field = form.elements[name]; if (field) { field.value = value; field.dispatchEvent(new Event('change', { bubbles: true })); } },
    focus: element => element?.focus(),
    arrived: () => {
      const heading = document.querySelector('h1');
      if (!heading || document.activeElement?.matches('input, textarea, select, dialog *')) return;
      if (!heading.hasAttribute('tabindex')) heading.tabIndex = -1;
      heading.focus();
    },
    select: element => { element?.focus(); element?.select?.(); },
    download: (name, type, text) => {
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([text], { type }));
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    },
  };
  Blazor.start({
    circuit: {
      initializers: { beforeStart: [], afterStarted: [] },   // there are none; else they are asked for, without an Origin
      // A WebSocket (1) at once: the server takes nothing else.
      configureSignalR: connection => connection.withUrl('_blazor', { skipNegotiation: true, transport: 1 }).withServerTimeout(12_000).withKeepAliveInterval(10_000),
      reconnectionHandler: { onConnectionDown: onLost, onConnectionUp: onBack },
    },
  });
})();
