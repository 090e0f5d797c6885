// What fuzzing did and found.
const campaignsSection = (function () {
  const campaigns = model.data.campaigns;

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
      item.annotated ? parts.label(h, 'The smallest input') : null,
      item.annotated ? h('pre', item.annotated) : null,
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
        ...campaigns.map((item, index) => campaign(h, this, item, index)),
      ]);
    },
  };
})();
