// What fuzzing did and found.
const campaignsSection = (function () {
  const campaigns = model.data.campaigns;
  const kLong = 1500;  // characters

  // The smallest one, folded if it is long.
  function input(h, view, item, key) {
    const text = item.annotated;
    if (!text) return null;
    if (text.length < kLong) {
      return h('div', [parts.label(h, 'The smallest input'), h('pre', text)]);
    }
    return parts.fold(h, {state: view.opened, key: key + '/input'},
        'The smallest input, in ' + text.length.toLocaleString('en') +
            ' characters',
        () => h('pre', text));
  }

  function cause(h, view, item, key) {
    const row = (name, text) => text ?
        [h('dt', name), h('dd', text)] : [];
    return parts.fold(h, {state: view.opened, key, class: 'case'}, [
      h('span', {class: 'verdict bad'}, [
        h('span', {attrs: {'aria-hidden': 'true'}}, '✗ '),
        item.damages.join(', ') || 'wrong']),
      ' ', h('span', {class: 'tag'}, item.tier), ' ',
      h('span', {class: 'name'}, item.key),
    ], () => h('div', {class: 'body'}, [
      h('dl', [
        ...row('field', item.field), ...row('relation', item.relation),
        ...row('owed', item.owed), ...row('came', item.came),
        ...row('reproduced', item.reproduced),
      ]),
      input(h, view, item, key),
    ]));
  }

  function campaign(h, view, item, index) {
    const causes = item.causes.length;
    return h('div', {key: index}, [
      h('h3', item.target + (item.tier && ', ' + item.tier) + ': ' + (causes ?
          model.plural(causes, 'root cause') : 'nothing found')),
      h('p', {class: 'faint'}, item.inputs.toLocaleString('en') + ' inputs' +
          (item.tier ? '' : ' of all tiers') + ' in ' +
          Math.round(item.seconds) + ' s, seed ' + item.seed),
      ...item.causes.map((each, at) => cause(h, view, each, index + '/' + at)),
    ]);
  }

  return {
    isEmpty: campaigns.length === 0,
    data: () => ({opened: {}}),
    render(h) {
      return h('section', {attrs: {id: 'fuzzing'}}, [
        h('h2', 'Fuzzing'),
        h('p', 'Each root cause stands once, however many inputs led to it. ' +
            'An input is conformant if a correct service could send it, ' +
            'consistent if its lengths and counts fit the bytes that came, ' +
            'and else hostile. Whether a deviation was predicted is said at ' +
            'the cases WIRE-.'),
        ...campaigns.map((item, index) => campaign(h, this, item, index)),
      ]);
    },
  };
})();
