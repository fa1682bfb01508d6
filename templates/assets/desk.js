// Pages are whole without this.
'use strict';

// The visitor's way of writing the page's language.
const language = document.documentElement.lang;
const writing = navigator.languages.find((one) => one.split('-')[0] === language) || navigator.language;

// A button that was pressed says so; the server sees to it that it is done once.
for (const form of document.querySelectorAll('[data-once]')) {
  form.addEventListener('submit', (event) => {
    if (form.getAttribute('aria-busy') === 'true') event.preventDefault();
    form.setAttribute('aria-busy', 'true');
  });
}
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('[data-once]')) form.removeAttribute('aria-busy');
});

// Times are the server's until here, in UTC.
for (const time of document.querySelectorAll('time[datetime]')) {
  const moment = new Date(time.dateTime);
  if (!isNaN(moment)) {
    time.textContent = moment.toLocaleString(writing, { dateStyle: 'medium', timeStyle: 'medium' });
  }
}

// What was done is told once: not again by the same address.
const address = new URL(location.href);
for (const told of ['done', 'saved']) address.searchParams.delete(told);
if (address.href !== location.href) history.replaceState(history.state, '', address);

// What goes on is followed until it is over.
const follow = async () => {
  const shown = document.querySelector('[data-follow]');
  if (!shown) return;
  const answer = await fetch(shown.dataset.follow, { headers: { accept: 'text/html' } }).catch(() => null);
  if (answer && answer.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const now = page.getElementById(shown.id);
    if (now) shown.replaceWith(now);
  }
  setTimeout(follow, 1000);
};
setTimeout(follow, 1000);
