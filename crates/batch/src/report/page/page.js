'use strict';
(() => {
  const $ = (id) => document.getElementById(id);
  const cards = [...document.querySelectorAll('.card')];
  const tiles = [...document.querySelectorAll('.states button')];
  const [text, state, model, shown] = ['text', 'state', 'model', 'shown'].map($);
  document.documentElement.classList.add('scripted');

  // Filter.
  const searched = 'h3, .prompt, .note, dd, .input';
  const textOf = new Map();
  const wordsOf = (card) => {
    let words = textOf.get(card);
    if (words === undefined) {
      words = [...card.querySelectorAll(searched)].map((part) => part.textContent).join('\n').toLowerCase();
      textOf.set(card, words);
    }
    return words;
  };
  const dollars = (micros) => {
    const decimals = String(micros % 1e6).padStart(6, '0').replace(/0{1,4}$/, '');
    return `$${Math.floor(micros / 1e6)}.${decimals}`;
  };
  const filter = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    let micros = 0;
    for (const card of cards) {
      const matches = (!state.value || card.dataset.state === state.value)
        && (!model.value || card.dataset.model === model.value)
        && words.every((word) => wordsOf(card).includes(word));
      card.hidden = !matches;
      if (matches) {
        count += 1;
        micros += Number(card.dataset.micros);
      }
    }
    const of = count === cards.length ? '' : ` of ${cards.length.toLocaleString('en')}`;
    shown.textContent = `${count.toLocaleString('en')}${of} jobs · ${dollars(micros)}`;
    $('none').hidden = count > 0;
    for (const tile of tiles) {
      tile.setAttribute('aria-pressed', String(tile.dataset.state === state.value));
    }
  };
  text.addEventListener('input', filter);
  state.addEventListener('change', filter);
  model.addEventListener('change', filter);
  text.form.addEventListener('submit', (event) => event.preventDefault());
  for (const tile of tiles) {
    const known = [...state.options].some((option) => option.value === tile.dataset.state);
    tile.disabled = !known;
    tile.addEventListener('click', () => {
      state.value = state.value === tile.dataset.state ? '' : tile.dataset.state;
      filter();
    });
  }
  const prompts = $('prompts');
  const switchPrompts = () => document.body.classList.toggle('without-prompts', !prompts.checked);
  prompts?.addEventListener('change', switchPrompts);
  document.addEventListener('keydown', (event) => {
    const isTyping = event.target.matches('input, select, textarea');
    if (event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey && !viewer.open) {
      event.preventDefault();
      text.focus();
    } else if (event.key === 'Escape' && event.target === text && text.value) {
      text.value = '';
      filter();
    }
  });
  // A link to a job that the filter hides shows it.
  const reveal = () => {
    const card = location.hash.startsWith('#job-') && $(location.hash.slice(1));
    if (card?.hidden) {
      text.value = state.value = model.value = '';
      filter();
      card.scrollIntoView();
    }
  };
  addEventListener('hashchange', reveal);

  // Videos: the first frame is loaded when it comes near the screen.
  const near = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) {
        near.unobserve(target);
        target.preload = 'metadata';
      }
    }
  }, { rootMargin: '600px' });
  document.querySelectorAll('video[data-lazy]').forEach((video) => near.observe(video));

  // Files that are gone.
  document.addEventListener('error', (event) => {
    const media = event.target;
    if (!(media instanceof HTMLElement) || !media.matches('.media *')) return;
    const box = document.createElement('div');
    const name = media.getAttribute('alt') ?? media.getAttribute('aria-label');
    box.className = 'lost';
    box.textContent = `${name} is not there, or cannot be shown`;
    (media.closest('a.picture') ?? media).replaceWith(box);
  }, true);

  // Pictures in full size, one after another.
  const viewer = document.createElement('dialog');
  viewer.setAttribute('aria-label', 'Picture');
  const picture = document.createElement('img');
  const bar = document.createElement('p');
  const caption = document.createElement('span');
  const button = (label, action) => {
    const made = document.createElement('button');
    made.type = 'button';
    made.textContent = label;
    made.addEventListener('click', action);
    return made;
  };
  const pictures = () => [...document.querySelectorAll('.card:not([hidden]) .picture')];
  let current = null;
  const show = (link) => {
    current = link;
    picture.src = link.href;
    picture.alt = link.firstElementChild.alt;
    const card = link.closest('.card');
    const prompt = prompts?.checked ? card.querySelector('.prompt')?.textContent : undefined;
    caption.textContent = [card.querySelector('.id').textContent, prompt].filter(Boolean).join(' – ');
  };
  const step = (by) => {
    const all = pictures();
    show(all[(all.indexOf(current) + by + all.length) % all.length]);
  };
  bar.append(button('←', () => step(-1)), caption, button('→', () => step(1)), button('Close', () => viewer.close()));
  bar.children[0].setAttribute('aria-label', 'Previous picture');
  bar.children[2].setAttribute('aria-label', 'Next picture');
  viewer.append(picture, bar);
  document.body.append(viewer);
  viewer.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowLeft') step(-1);
    if (event.key === 'ArrowRight') step(1);
  });
  picture.addEventListener('click', () => viewer.close());
  viewer.addEventListener('close', () => {
    picture.removeAttribute('src');
    current.focus();
  });
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('.picture');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    show(link);
    viewer.showModal();
  });

  // Browsers keep the values of fields when a page is loaded again.
  if (prompts) switchPrompts();
  filter();
})();
