// Forms whose secrets stay out of the connection, drafts of what was typed, and dialogs.
(() => {
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

  // What the pages' components call; the other scripts add theirs.
  window.keypace = {
    send, token, dialog, drafts, emptySecrets, hasSecret, focusError,
    valueOf: (form, name) => form.elements[name]?.value ?? '',
    setValue: (form, name, value) => { const field = form.elements[name]; if (field) { field.value = value; field.dispatchEvent(new Event('change', { bubbles: true })); } },
    download: (name, type, text) => {
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([text], { type }));
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    },
  };
})();
