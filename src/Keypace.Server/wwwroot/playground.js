// The conversation of the playground: asks the gateway itself, with the session's cookie, and writes the answer as it comes. Everything that people or
// hubs say is written as text, never as markup.
const element = (tag, css, text) => { const made = document.createElement(tag); if (css) made.className = css; if (text !== undefined) made.textContent = text; return made; };
const seconds = ms => ms < 1000 ? `${Math.round(ms)} ms` : ms < 100_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
const ordinal = n => n + (n % 100 >= 11 && n % 100 <= 13 ? 'th' : { 1: 'st', 2: 'nd', 3: 'rd' }[n % 10] ?? 'th');
const pollEvery = 400;

export function start(root, owner) {
  const log = root.querySelector('[data-conversation]');
  const form = root.querySelector('form');
  const message = form.elements.message;
  const sendButton = form.querySelector('[data-send]');
  const stopButton = form.querySelector('[data-stop]');
  let history = [];
  let running = null;

  const turn = (who, mark) => {
    const part = element('div', 'turn');
    const head = element('div', 'turn-who');
    head.append(element('span', 'avatar small', mark), element('span', '', who));
    part.append(head);
    log.append(part);
    return part;
  };
  const fact = (facts, name, value) => { const one = element('span', '', `${name} `); one.append(element('strong', '', value)); facts.append(one); };
  const toEnd = () => { const last = log.lastElementChild; last?.scrollIntoView({ block: 'nearest' }); };

  const place = (part, asked, leave) => {
    const box = element('div', 'place');
    box.setAttribute('role', 'status');
    const marks = element('span', 'place-marks');
    marks.setAttribute('aria-hidden', 'true');
    const text = element('div', 'place-text');
    const line = element('div', 'place-line', 'On its way');
    const why = element('div', 'muted', '\u00a0');
    text.append(line, why);
    const button = element('button', 'button', 'Leave the line');
    button.type = 'button';
    button.onclick = leave;
    box.append(marks, text, button);
    part.append(box);
    let shownPosition = 0;
    return {
      remove: () => box.remove(),
      sent: () => { marks.replaceChildren(); line.textContent = 'Sent, the hub is answering'; why.textContent = '\u00a0'; },
      show: (position, start, detail) => {
        if (position !== shownPosition) {
          shownPosition = position;
          marks.replaceChildren(...Array.from({ length: Math.min(position - 1, 4) }, () => element('i')), element('i', 'mine'));
          line.replaceChildren(element('span', '', `${ordinal(position)} in line`));
        }
        let time = line.querySelector('time');
        if (start && !time) { time = element('time'); time.dataset.style = 'countdown'; line.append(', starts ', time); }
        if (time && start) time.dataset.time = String(Math.round(start * 1000));
        why.textContent = detail;
      },
    };
  };

  // Where this query stands: asked of the key's own status, like any program could.
  const watch = async (asked, box, signal) => {
    while (!signal.aborted) {
      try {
        const answer = await fetch(`/v1/api-keys/${asked.keyId}/status`, { headers: { 'X-Keypace': '1' }, signal });
        if (answer.ok) {
          const status = await answer.json();
          const mine = status.waiting_by_caller.find(one => one.caller === asked.caller);
          const limit = `${status.used_now.toLocaleString('en')} of ${status.effective_limit.toLocaleString('en')} sent in the last ${status.rate_limit_interval} s`;
          if (signal.aborted) return;
          if (mine) box.show(mine.first_position + 1, mine.expected_start, status.paused_why ? `Paused: ${status.paused_why}` : `${asked.keyName}: ${limit}. Nothing is sent out of turn.`);
          else box.sent();
        }
      } catch { if (signal.aborted) return; }
      await new Promise(done => setTimeout(done, pollEvery));
    }
  };

  const readStream = async (answer, write) => {
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '', usage = null, problem = null;
    const event = block => {
      for (const line of block.split(/\r?\n/)) {
        if (!line.startsWith('data:')) continue;
        const data = line.slice(5).trim();
        if (data === '[DONE]' || !data) continue;
        let json;
        try { json = JSON.parse(data); } catch { continue; }
        if (json.error) problem = json.error.message ?? String(json.error);
        if (json.usage) usage = json.usage;
        const text = json.choices?.[0]?.delta?.content;
        if (text) write(text);
      }
    };
    for (;;) {
      const { done, value } = await reader.read();
      rest += value ?? '';
      const blocks = rest.split(/\r?\n\r?\n/);
      rest = done ? '' : blocks.pop();
      blocks.forEach(event);
      if (done) return { usage, problem };
    }
  };

  const send = async () => {
    const text = message.value.trim();
    const asked = { ...form.dataset };
    if (!text || running || !asked.keyId) return;
    const began = performance.now();
    const mine = turn('You', asked.initials);
    mine.append(element('div', 'said', text));
    const part = turn(asked.title, asked.mark);
    history.push({ role: 'user', content: text });
    message.value = '';
    log.hidden = false;
    const aborter = new AbortController();
    const watcher = new AbortController();
    running = aborter;
    sendButton.hidden = true;
    stopButton.hidden = false;
    const box = place(part, asked, () => aborter.abort());
    toEnd();
    owner.invokeMethodAsync('SentAsync', text.length > 2000 ? text.slice(0, 2000) + '…' : text);
    const number = name => form.elements[name].value.trim() === '' ? undefined : Number(form.elements[name].value);
    const headers = { 'Content-Type': 'application/json', 'X-Keypace': '1', 'x-keypace-caller': asked.caller };
    if (!asked.agentId) headers['x-keypace-key'] = asked.keyId;
    if (number('max_wait') !== undefined) headers['x-keypace-max-wait'] = String(number('max_wait'));
    const body = { messages: history, stream: true, stream_options: { include_usage: true }, temperature: number('temperature'), max_completion_tokens: number('max_tokens') };
    body.model = asked.agentId ? `agent/${asked.agentId}` : asked.model;
    const said = element('div', 'answer');
    const facts = element('div', 'turn-facts');
    let answered = '', first = null, waited = null;
    try {
      watch(asked, box, watcher.signal);
      const answer = await fetch('/v1/chat/completions', { method: 'POST', headers, body: JSON.stringify(body), signal: aborter.signal });
      const headersAt = performance.now();
      watcher.abort();
      box.remove();
      part.append(said, facts);
      waited = answer.headers.get('x-keypace-waited-ms');
      const id = answer.headers.get('x-request-id');
      let usage = null;
      if (!answer.ok) {
        const raw = await answer.text();
        let told = raw;
        try { const json = JSON.parse(raw); told = json.error?.message ?? json.detail ?? raw; } catch { /* not JSON: shown as it is */ }
        refuse(part, said, `${answer.status}${answer.headers.get('x-keypace-error') ? ` ${answer.headers.get('x-keypace-error')}` : ' from the hub'}`, typeof told === 'string' ? told : JSON.stringify(told));
        history.pop();
      } else if ((answer.headers.get('content-type') ?? '').includes('event-stream')) {
        said.classList.add('writing');
        const end = await readStream(answer, piece => { first ??= performance.now(); answered += piece; said.textContent = answered; });
        usage = end.usage;
        if (end.problem) refuse(part, said, 'The hub broke off', end.problem);
      } else {
        const json = await answer.json();
        answered = json.choices?.[0]?.message?.content ?? '';
        said.textContent = answered;
        usage = json.usage ?? null;
      }
      said.classList.remove('writing');
      if (answer.ok) {
        history.push({ role: 'assistant', content: answered });
        if (!answered) said.append(element('span', 'muted', 'The hub answered without text.'));
      }
      const ended = performance.now();
      const wait = waited === null ? null : Number(waited);
      if (wait !== null) fact(facts, 'Waited', wait < 1 ? '0 ms' : seconds(wait));
      if (first !== null) fact(facts, 'First token', seconds(Math.max(0, first - began - (wait ?? 0))));
      if (answer.ok) fact(facts, 'Latency', seconds(Math.max(0, ended - began - (wait ?? 0))));
      if (usage) fact(facts, 'Tokens', `${usage.prompt_tokens ?? 0} in, ${usage.completion_tokens ?? 0} out`);
      if (id) { const one = element('span', 'mono request-id', id); one.title = 'Request id'; facts.append(one); }
    } catch (failure) {
      watcher.abort();
      box.remove();
      said.classList.remove('writing');
      if (!said.isConnected) part.append(said, facts);
      if (answered) history.push({ role: 'assistant', content: answered }); else history.pop();
      if (aborter.signal.aborted) facts.append(element('span', '', answered ? 'Stopped.' : 'You left the line. Nothing was sent that had not been sent.'));
      else refuse(part, said, 'The server is not answering', 'The answer did not arrive. Your message is back in the field.');
      if (!answered) message.value = text;
    } finally {
      running = null;
      sendButton.hidden = false;
      stopButton.hidden = true;
      message.focus();
      toEnd();
    }
  };

  const refuse = (part, said, title, detail) => {
    const note = element('div', 'note note-error');
    note.setAttribute('role', 'alert');
    const text = element('div');
    text.append(element('strong', '', title), ': ', detail);
    note.append(text);
    said.after(note);
  };

  form.addEventListener('submit', event => { event.preventDefault(); send(); });
  const wasPressed = form.dataset.listens === 'pressed';
  form.dataset.listens = 'yes';
  if (wasPressed) send();
  stopButton.addEventListener('click', () => running?.abort());
  root.querySelector('[data-new-conversation]').addEventListener('click', () => {
    running?.abort();
    history = [];
    log.replaceChildren();
    log.hidden = true;
    message.focus();
  });
  return { stop: () => running?.abort() };
}
