// Small pieces that the sections are made of. Each takes Vue's `h`. All text
// goes in as text, never as HTML.
const parts = (function () {
  // The verdict of a case or requirement: sign, word and colour.
  function verdict(h, item) {
    const kind = model.kindOf(item);
    return h('span', {class: ['verdict', kind.look]},
        [h('span', {attrs: {'aria-hidden': 'true'}}, kind.sign + ' '),
         model.words(item)]);
  }

  function caseLink(h, item) {
    return h('a', {class: 'name', attrs: {href: deepLink('case', item.name)}},
        item.name);
  }

  function deepLink(kind, name) {
    return '#' + kind + '=' + encodeURIComponent(name);
  }

  function requirementLink(h, id) {
    return model.requirements.has(id) ?
        h('a', {attrs: {href: deepLink('requirement', id)}}, id) :
        h('strong', id);
  }

  // A box that scrolls sideways, for the keyboard too.
  function scroll(h, label, content) {
    return h('div', {
      class: 'scroll',
      attrs: {tabindex: '0', role: 'region', 'aria-label': label},
    }, [content]);
  }

  function field(h, label, control) {
    return h('label', [h('span', label), control]);
  }

  function textFilter(h, filter, key, label) {
    return field(h, label, h('input', {
      attrs: {type: 'search', autocomplete: 'off', spellcheck: 'false'},
      domProps: {value: filter[key]},
      on: {input: (event) => { filter[key] = event.target.value; }},
    }));
  }

  // `choices`: [value, words]; the first choice is always "all".
  function choice(h, filter, key, label, choices) {
    return field(h, label, h('select', {
      domProps: {value: filter[key]},
      on: {change: (event) => { filter[key] = event.target.value; }},
    }, [['', 'all'], ...choices].map(([value, words]) => h('option', {
      attrs: {value}, domProps: {selected: filter[key] === value},
    }, words))));
  }

  // Choices that are what is shown for them.
  function plainChoices(values) {
    return [...new Set(values)].sort().map((value) => [value, value]);
  }

  function verdictChoices(items) {
    const choices = model.kindsIn(items).map(
        (kind) => [kind.name, kind.words || kind.name]);
    return [['!pass', 'not passed'], ...choices];
  }

  function matchesVerdict(item, wanted) {
    const kind = model.kindOf(item).name;
    return !wanted || kind === wanted ||
        (wanted === '!pass' && kind !== 'pass');
  }

  function matchesText(item, wanted) {
    return wanted.toLowerCase().split(/\s+/).every(
        (word) => item.search.includes(word));
  }

  // "12 of 126 requirements", spoken when it changes.
  function count(h, shown, all, word) {
    return h('p', {class: 'faint', attrs: {role: 'status'}},
        shown === all ? model.plural(all, word) :
                        shown + ' of ' + model.plural(all, word));
  }

  // A <details> whose body is made when it is first opened. `state` maps keys
  // to whether they are open.
  function fold(h, options, summary, body) {
    const {state, key, id} = options;
    const open = Boolean(state[key]);
    return h('details', {
      key, class: options.class, attrs: {id, open: open ? '' : null},
      on: {toggle: (event) => {
        if (Boolean(state[key]) !== event.target.open) {
          Vue.set(state, key, event.target.open);
        }
      }},
    }, [h('summary', summary), open ? body() : null]);
  }

  // Over a part of a body; no heading, since bodies stand at several levels.
  function label(h, text) {
    return h('p', {class: 'label'}, text);
  }

  function list(h, texts) {
    return h('ul', texts.map((text) => h('li', text)));
  }

  // The steps, apart: what was done, what was owed for it, what came of it.
  function apart(steps) {
    const groups = {done: [], owed: [], came: []};
    for (const line of steps.filter(Boolean)) {
      const [, what] = line.match(/^(owed|came): /) || [];
      const goes = /^(callbacks that ran:|  )/.test(line) && groups.came.length;
      groups[what || (goes ? 'came' : 'done')].push(
          what === 'owed' ? line.slice('owed: '.length) : line);
    }
    return groups;
  }

  function done(h, item) {
    const steps = apart(item.steps).done;
    if (!item.cell && !steps.length) return null;
    const axes = (item.cell || []).map(function (at, index) {
      const axis = model.data.axes[index];
      const value = axis.values[at];
      return h('li', [h('strong', axis.name + ' ' + value.name), ': ',
                      value.meaning]);
    });
    return h('div', [
      label(h, 'Done'),
      axes.length ? h('ul', axes) : null,
      steps.length ? h('pre', steps.join('\n')) : null,
    ]);
  }

  function sentence(h, id) {
    const row = model.requirements.get(id);
    return [requirementLink(h, id), ...row ? [
      ' (' + row.tier + '): ' + row.sentence + ' ',
      h('span', {class: 'faint'}, row.source),
    ] : []];
  }

  function owed(h, item) {
    return h('div', [
      label(h, 'Owed'),
      h('ul', [
        ...apart(item.steps).owed.map((line) => h('li', line)),
        ...item.requirements.map((id) => h('li', sentence(h, id))),
      ]),
    ]);
  }

  function seen(h, item) {
    const lines = [...apart(item.steps).came, item.message].filter(Boolean);
    const plain = item.verdict === 'pass' ? 'What is owed.' :
                                            'Nothing more is known.';
    return h('div', [
      label(h, 'Seen'),
      lines.length ? h('pre', lines.join('\n')) : h('p', plain),
      item.notes.length ? label(h, 'Also observed, not judged') : null,
      item.notes.length ? list(h, item.notes) : null,
    ]);
  }

  // Where what the service saw and said was recorded, and what prints it.
  function trace(h, item) {
    if (!item.trace) return null;
    return h('div', [
      label(h, 'Trace'),
      h('p', ['SHA-256 ', h('span', {class: 'name'}, item.trace),
              ', in the folder traces beside this page. To print it, with ' +
              'the folder of this page for DIR:']),
      h('pre', './certify trace DIR \'' + item.name + '\''),
    ]);
  }

  // Everything about one case.
  function caseBody(h, item) {
    return h('div', {class: 'body'}, [
      item.deviation ? h('p', ['Known deviation: ',
        model.data.reasons[item.reason]]) : null,
      done(h, item), owed(h, item), seen(h, item),
      item.reproduce ? label(h, 'Reproduce') : null,
      item.reproduce ? h('pre', item.reproduce) : null,
      item.reproducer ? label(h, 'A program that shows it') : null,
      item.reproducer ? h('pre', item.reproducer) : null,
      trace(h, item),
      h('p', ['Profile ' + item.profile + ', ' + item.ms + ' ms. ',
        h('a', {attrs: {href: deepLink('case', item.name)}},
            'Link to this case')]),
    ]);
  }

  function caseFold(h, state, item, id) {
    return fold(h, {state, key: item.name, id, class: 'case'},
        [verdict(h, item), ' ', h('span', {class: 'name'}, item.name)],
        () => caseBody(h, item));
  }

  // The first `shown.count` of the items, and a button for more.
  function some(h, items, shown, render) {
    const rest = items.length - shown.count;
    return [
      ...items.slice(0, shown.count).map(render),
      rest > 0 ? h('button', {
        attrs: {type: 'button'},
        on: {click: () => { shown.count += 200; }},
      }, 'Show ' + Math.min(rest, 200) + ' more of ' + rest) : null,
    ];
  }

  return Object.freeze({
    verdict, caseLink, requirementLink, deepLink, scroll, textFilter, choice,
    plainChoices, verdictChoices, matchesVerdict, matchesText, count, fold,
    label, list, caseFold, some,
  });
})();
