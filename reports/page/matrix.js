// The dispatch matrix: types across, handle states down; a cell unfolds by what
// is pending, then by callbacks, down to its cases.
const matrixSection = (function () {
  const axisNames = ['type', 'handle', 'pending', 'callbacks', 'disturbance'];
  const axes = new Map(model.data.axes.map((axis) => [axis.name, axis]));
  const known = axisNames.every((name) => axes.has(name));
  const position = axisNames.map((name) => model.data.axes.findIndex(
      (axis) => axis.name === name));

  // The cases by the numbers of their values: "type/handle", then all.
  const cases = known ? model.data.cases.filter((item) => item.cell) : [];
  const byCell = new Map();
  for (const item of cases) {
    const key = item.cell[position[0]] + '/' + item.cell[position[1]];
    if (!byCell.has(key)) byCell.set(key, []);
    byCell.get(key).push(item);
  }

  function at(item, axis) {
    return item.cell[position[axisNames.indexOf(axis)]];
  }

  function valuesOf(axis) {
    return axes.get(axis).values;
  }

  // The worst verdict, and how many have it: "3/44", or "44" if all have.
  function summary(items) {
    const kind = model.worst(items);
    const count = items.filter((item) => model.kindOf(item) === kind).length;
    return {
      kind, words: kind.words || kind.name,
      count: count === items.length ? String(count) :
                                      count + '/' + items.length,
    };
  }

  function mark(h, kind) {
    return h('span', {attrs: {'aria-hidden': 'true'}}, kind.sign + ' ');
  }

  // For those who hear the page.
  function unseen(h, text) {
    return h('span', {class: 'unseen'}, text);
  }

  // A name in CamelCase, which may break where a word begins.
  function name(h, text) {
    return text.split(/(?<=[a-z])(?=[A-Z])/).flatMap(
        (word, index) => index ? [h('wbr'), word] : [word]);
  }

  function cell(h, view, type, handle) {
    const key = type + '/' + handle;
    const items = byCell.get(key);
    if (!items) {
      return h('td', {class: 'left-out'}, [
        unseen(h, 'left out'), h('span', {attrs: {'aria-hidden': 'true'}}, '·'),
      ]);
    }
    const {kind, words, count} = summary(items);
    const open = view.open === key;
    return h('td', [h('button', {
      class: ['cell', kind.look],
      attrs: {type: 'button', 'aria-expanded': String(open)},
      on: {click: () => { view.open = open ? '' : key; view.fold = ''; }},
    }, [
      mark(h, kind),
      unseen(h, valuesOf('type')[type].name + ', ' +
          valuesOf('handle')[handle].name + ': '),
      count, unseen(h, ' ' + words),
    ])]);
  }

  function chip(h, view, key, name, items) {
    const {kind, words, count} = summary(items);
    const open = view.fold === key;
    return h('button', {
      class: ['chip', kind.look],
      attrs: {type: 'button', 'aria-expanded': String(open)},
      on: {click: () => { view.fold = open ? '' : key; }},
    }, [
      mark(h, kind), name, items.length > 1 ? ': ' + count : '',
      unseen(h, ' ' + words),
    ]);
  }

  // What is pending, with a button for each set of callbacks.
  function pendingRow(h, view, pending, items) {
    const value = valuesOf('pending')[pending];
    const callbacks = model.distinct(items, (item) => at(item, 'callbacks'));
    const chips = callbacks.sort((a, b) => a - b).map(function (index) {
      const of = items.filter((item) => at(item, 'callbacks') === index);
      const key = pending + '/' + index;
      return {key, of, button: chip(h, view, key,
          valuesOf('callbacks')[index].name, of)};
    });
    const opened = chips.find(({key}) => view.fold === key);
    return h('div', {key: pending, class: 'pending'}, [
      h('h4', [value.name, h('span', {class: 'faint'}, ': ' + value.meaning)]),
      h('div', {class: 'chips'}, chips.map(({button}) => button)),
      opened ? h('div', opened.of.map(
          (item) => parts.caseFold(h, view.cases, item))) : null,
    ]);
  }

  function panel(h, view) {
    const [type, handle] = view.open.split('/').map(Number);
    const items = byCell.get(view.open);
    const pending = model.distinct(items, (item) => at(item, 'pending'));
    return h('div', {class: 'inset'}, [
      h('h3', valuesOf('type')[type].meaning + ' · ' +
          valuesOf('handle')[handle].name),
      h('p', {class: 'faint'}, 'The handle: ' +
          valuesOf('handle')[handle].meaning + '.'),
      ...pending.sort((a, b) => a - b).map((index) => pendingRow(h, view, index,
          items.filter((item) => at(item, 'pending') === index))),
    ]);
  }

  function row(h, view, types, handle) {
    const value = valuesOf('handle')[handle];
    const opened = types.some((type) => view.open === type + '/' + handle);
    const rows = [h('tr', {key: value.name}, [
      h('th', {attrs: {scope: 'row', title: value.meaning}},
          name(h, value.name)),
      ...types.map((type) => cell(h, view, type, handle)),
    ])];
    if (opened) {
      rows.push(h('tr', {key: value.name + '/open'}, [h('td',
          {class: 'opened', attrs: {colspan: types.length + 1}},
          [panel(h, view)])]));
    }
    return rows;
  }

  // What the signs say.
  function legend(h) {
    return h('ul', {class: 'legend', attrs: {'aria-label': 'Signs'}}, [
      ...model.kindsIn(cases).map((kind) => h('li', [
        h('span', {class: ['verdict', kind.look]},
            [mark(h, kind), kind.words || kind.name]),
      ])),
      h('li', {class: 'faint'}, '· left out'),
    ]);
  }

  function leftOut(h, view) {
    const left = model.data.left_out;
    if (!left.length) return null;
    const sum = left.reduce((total, {cells}) => total + cells, 0);
    return parts.fold(h, {state: view.cases, key: 'left out'},
        sum + ' cells of ' + (sum + cases.length) +
            ' stand for nothing of their own and are left out',
        () => h('ul', left.map(({reason, cells}) => h('li',
            cells + ': ' + reason))));
  }

  return {
    isEmpty: cases.length === 0,
    data: () => ({open: '', fold: '', cases: {}}),
    render(h) {
      const used = (axis) => valuesOf(axis).map((_, index) => index).filter(
          (index) => cases.some((item) => at(item, axis) === index));
      const types = used('type');
      return h('section', {attrs: {id: 'matrix'}}, [
        h('h2', 'Dispatch matrix'),
        h('p', 'Each cell holds the cases of one type of cpg_dispatch on one ' +
            'state of the handle, and shows the worst verdict among them and ' +
            'how many have it. Open a cell for what was pending and which ' +
            'callbacks were registered.'),
        legend(h),
        parts.scroll(h, 'Dispatch matrix', h('table', {class: 'matrix'}, [
          h('thead', [h('tr', [
            h('th', {attrs: {scope: 'col'}}, 'handle'),
            ...types.map((type) => h('th', {attrs: {
              scope: 'col', title: valuesOf('type')[type].meaning,
            }}, name(h, valuesOf('type')[type].name))),
          ])]),
          h('tbody', used('handle').flatMap(
              (handle) => row(h, this, types, handle))),
        ])),
        leftOut(h, this),
      ]);
    },
  };
})();
