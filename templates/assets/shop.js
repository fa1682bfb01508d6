// Pages are whole without this: it only spares a reload.
'use strict';

// The visitor's way of writing the page's language.
const language = document.documentElement.lang;
const writing = navigator.languages.find((one) => one.split('-')[0] === language) || navigator.language;

// Finds as one types: the same page as the form's, of which only the results are taken.
const search = document.querySelector('[data-search]');
if (search && document.getElementById('results')) {
  let latest = 0;
  let searched = false;
  addEventListener('popstate', () => location.reload());
  let waiting;
  const show = async () => {
    const mine = ++latest;
    const query = new URLSearchParams(new FormData(search)).toString();
    const answer = await fetch('/?' + query, { headers: { accept: 'text/html' } });
    if (!answer.ok || mine !== latest) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const found = page.getElementById('results');
    if (found && mine === latest) {
      document.getElementById('results').replaceWith(found);
      if (searched) history.replaceState(null, '', '/?' + query);
      else history.pushState(null, '', '/?' + query);
      searched = true;
    }
  };
  search.addEventListener('input', () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => show().catch(() => {}), 150);
  });
}

// A changed quantity is sent at once.
for (const form of document.querySelectorAll('[data-change]')) {
  form.classList.add('at-once');
  form.addEventListener('change', () => form.reportValidity() && form.submit());
}

// A product is put into the cart without leaving the page; the cart's link tells how many there are.
addEventListener('submit', async (event) => {
  const form = event.target;
  if (!form.dataset.add) return;
  event.preventDefault();
  const button = form.querySelector('button');
  const text = button.textContent;
  const answer = await fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)) }).catch(() => null);
  if (!answer || !answer.ok) return form.submit();
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  document.querySelector('.cart-link').innerHTML = page.querySelector('.cart-link').innerHTML;
  button.textContent = form.dataset.add;
  setTimeout(() => { button.textContent = text; }, 1500);
});

// A button that was pressed says so; the server sees to it that there is one order.
for (const form of document.querySelectorAll('[data-once]')) {
  form.addEventListener('submit', () => form.setAttribute('aria-busy', 'true'));
}
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('[data-once]')) form.removeAttribute('aria-busy');
});

// An order's page follows what happens to it.
const live = document.querySelector('[data-live]');
if (live) {
  const events = new EventSource(live.dataset.live);
  let seen;
  events.addEventListener('version', async (event) => {
    if (seen === undefined) seen = event.data;
    if (seen === event.data) return;
    seen = event.data;
    const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const now = page.querySelector('article.order');
    const shown = document.querySelector('article.order');
    if (!now || !shown) return;
    shown.replaceWith(now);
    localTimes();
    if (!now.dataset.live) events.close();
  });
  addEventListener('pagehide', () => events.close());
}

// Times are the server's until here, in UTC.
function localTimes() {
  for (const time of document.querySelectorAll('time[datetime]')) {
    const moment = new Date(time.dateTime);
    if (!isNaN(moment)) {
      time.textContent = moment.toLocaleString(writing, { dateStyle: 'medium', timeStyle: 'short' });
    }
  }
}
localTimes();
