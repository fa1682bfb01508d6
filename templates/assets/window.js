// Pages are whole without this: it follows the log, and opens what one is led to.
'use strict';

// A span that one is led to shows what is known of it.
const openTarget = () => {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const details = target && target.querySelector('details');
  if (details) details.open = true;
};
addEventListener('hashchange', openTarget);
openTarget();

// The log as it is written.
const tail = document.querySelector('[data-follow]');
if (tail && 'EventSource' in window) {
  const LINES_MOST = 1000;
  const list = tail.querySelector('ol');
  const pause = document.querySelector('[data-pause]');
  const state = document.querySelector('[data-state]');
  let address = tail.dataset.follow;
  let events;

  const say = (word) => { state.textContent = state.dataset[word]; };
  const atEnd = () => tail.scrollHeight - tail.scrollTop - tail.clientHeight < 80;
  const add = (nodes, id) => {
    const follow = atEnd();
    list.append(...nodes);
    while (list.children.length > LINES_MOST) list.firstElementChild.remove();
    if (follow) tail.scrollTop = tail.scrollHeight;
    document.querySelector('[data-none]')?.remove();
    // Where to go on after a pause.
    const next = new URL(address, location.href);
    next.searchParams.set('after', id);
    address = next.pathname + next.search;
  };
  const follow = () => {
    events = new EventSource(address);
    events.addEventListener('open', () => say('following'));
    events.addEventListener('error', () => say('broken'));
    events.addEventListener('lines', (event) => {
      const lines = new DOMParser().parseFromString('<ol>' + event.data + '</ol>', 'text/html');
      add([...lines.querySelectorAll('li')], event.lastEventId);
    });
    events.addEventListener('lost', (event) => {
      const passed = document.createElement('li');
      passed.className = 'passed';
      passed.textContent = event.data;
      add([passed], event.lastEventId);
    });
  };

  pause.hidden = false;
  pause.addEventListener('click', () => {
    const paused = pause.getAttribute('aria-pressed') !== 'true';
    pause.setAttribute('aria-pressed', String(paused));
    pause.textContent = paused ? pause.dataset.paused : pause.dataset.following;
    if (paused) { events.close(); say('paused'); } else { follow(); }
  });
  addEventListener('pagehide', () => events.close());
  addEventListener('pageshow', (event) => { if (event.persisted && pause.getAttribute('aria-pressed') !== 'true') follow(); });
  tail.scrollTop = tail.scrollHeight;
  follow();
}
