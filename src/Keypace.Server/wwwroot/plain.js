// The pages before the sign-in: sends their forms, and says early what a password lacks.
(() => {
  // The server has chosen it among its own pages; should it ever err, it is still no other site and nothing of a hub's.
  const safe = path => {
    const url = new URL(path || '/', location.origin);
    return url.origin === location.origin && !url.pathname.startsWith('/keys/') && !url.pathname.startsWith('/v1') ? url.pathname + url.search : '/';
  };

  for (const form of document.querySelectorAll('form[data-post]')) {
    const alert = form.querySelector('[role=alert]');
    const button = form.querySelector('button[type=submit]');
    const say = text => { alert.textContent = text; alert.hidden = !text; };
    form.addEventListener('submit', async event => {
      event.preventDefault();
      const empty = [...form.querySelectorAll('input[required]')].find(input => !input.value.trim());
      if (empty) { say(`${form.querySelector(`label[for=${empty.id}]`).textContent} is needed.`); empty.focus(); return; }
      say('');
      button.disabled = true;
      try {
        const answer = await fetch(form.dataset.post, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', 'X-Keypace': '1' },
          body: JSON.stringify(Object.fromEntries(new FormData(form))),
        });
        if (answer.ok) { location.replace(safe(form.dataset.return)); return; }
        const problem = await answer.json().catch(() => ({}));
        say(problem.detail ?? 'The server did not say why. Try again.');
      } catch {
        say('The server is not answering. Try again in a moment.');
      }
      button.disabled = false;
      (form.querySelector('input[type=password]') ?? button).select?.();
    });
    // A link from elsewhere opens this page without the cookie, although the browser may have one.
    if (form.dataset.post === '/sign-in')
      fetch('/sign-in/state').then(answer => answer.json()).then(state => { if (state.signed_in) location.replace(safe(form.dataset.return)); }, () => {});
  }

  for (const form of document.querySelectorAll('form[data-setup]')) {
    const { password, password_again: again } = form.elements;
    const [hint, againHint] = [document.getElementById('password-hint'), document.getElementById('again-hint')];
    const [least, most, usual] = [+form.dataset.least, +form.dataset.most, hint.textContent];
    const count = () => [...password.value].length;
    const check = () => {
      const length = count();
      const wrong = length > 0 && (length < least || length > most);
      hint.textContent = length === 0 ? usual : length < least ? `${length} of at least ${least} characters.` : length > most ? `${length} characters; at most ${most} are taken.` : `${length} characters: good.`;
      hint.classList.toggle('bad', wrong);
      hint.classList.toggle('good', length > 0 && !wrong);
      password.setAttribute('aria-invalid', String(wrong));
      const differs = again.value.length > 0 && again.value !== password.value;
      againHint.textContent = again.value.length === 0 ? '' : differs ? 'The two differ.' : 'The same.';
      againHint.classList.toggle('bad', differs);
      againHint.classList.toggle('good', again.value.length > 0 && !differs);
      return !wrong && length > 0 && !differs;
    };
    form.addEventListener('input', check);
    form.addEventListener('submit', event => {
      if (check() && again.value === password.value) return;
      event.preventDefault();
      (count() < least ? password : again).focus();
    });
  }

  document.addEventListener('click', async event => {
    const button = event.target.closest?.('[data-copy]');
    if (!button) return;
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = 'Copied';
    const next = document.getElementById(button.dataset.copiedShows);
    if (!next) return;
    keep();
    button.classList.remove('primary');
    next.classList.add('primary');
  });

  // What is shown once is not left behind by one press: copied by the button, marked by hand, or asked once more.
  let isKept = false;
  const warning = document.querySelector('[data-token-warning]');
  const keep = () => { isKept = true; if (warning) warning.hidden = true; };
  document.addEventListener('copy', keep);
  document.addEventListener('click', event => {
    if (isKept || !warning || !event.target.closest?.('[data-token-leave]')) return;
    event.preventDefault();
    warning.hidden = false;
    isKept = true;
  });
})();
