// The requirements by function, with filters.
const requirementsSection = (function () {
  const all = model.data.requirements;
  const kFew = 20;

  function matches(item, filter) {
    return parts.matchesText(item, filter.text) &&
        parts.matchesVerdict(item, filter.verdict) &&
        (!filter.tier || item.tier === filter.tier) &&
        (!filter.profile || item.profile === filter.profile) &&
        (!filter.function ||
         model.functionOf(item) === filter.function);
  }

  function filters(h, filter) {
    const choices = (of) => parts.plainChoices(all.map(of));
    return h('form', {
      class: 'filters', attrs: {role: 'search', 'aria-label': 'Requirements'},
      on: {submit: (event) => event.preventDefault()},
    }, [
      parts.textFilter(h, filter, 'text', 'Text'),
      parts.choice(h, filter, 'verdict', 'Verdict', parts.verdictChoices(all)),
      parts.choice(h, filter, 'tier', 'Tier', choices((item) => item.tier)),
      parts.choice(h, filter, 'profile', 'Profile',
          choices((item) => item.profile)),
      parts.choice(h, filter, 'function', 'Function',
          choices(model.functionOf)),
    ]);
  }

  // The cases, those that speak against it first.
  function casesOf(h, view, item) {
    const rows = item.cases.map((one) => ({
      one, verdict: model.verdictFor(one, item.id),
    }));
    const rank = ({verdict}) => model.kinds.indexOf(model.kindOf(verdict));
    rows.sort((a, b) => rank(b) - rank(a) || a.one.index - b.one.index);
    const whole = view.whole[item.id] || rows.length <= kFew;
    return h('div', [
      parts.label(h, model.plural(rows.length, 'case')),
      h('ul', {class: 'cases'}, rows.slice(0, whole ? rows.length : kFew).map(
          ({one, verdict}) => h('li', [parts.verdict(h, verdict), ' ',
            parts.caseLink(h, one)]))),
      whole ? null : h('button', {
        attrs: {type: 'button'},
        on: {click: () => Vue.set(view.whole, item.id, true)},
      }, 'Show all ' + rows.length),
    ]);
  }

  function requirement(h, view, item) {
    return parts.fold(h, {
      state: view.opened, key: item.id, id: 'requirement-' + item.id,
      class: 'requirement',
    }, [
      h('span', {class: 'line'}, [
        h('strong', item.id), ' ', parts.verdict(h, item), ' ',
        h('span', {class: 'tag'}, item.profile + ' ' + item.tier +
            (item.optional ? ', optional' : '')),
      ]), ' ',
      h('span', {class: 'sentence'}, item.sentence),
    ], () => h('div', {class: 'body'}, [
      h('p', ['Source: ' + item.source + '. ', h('a', {
        attrs: {href: parts.deepLink('requirement', item.id)},
      }, 'Link to ' + item.id)]),
      item.missing ? h('p', model.plural(item.missing, 'further case') +
          ' did not run.') : null,
      item.cases.length ? casesOf(h, view, item) :
                          h('p', 'No case decides it.'),
    ]));
  }

  return {
    data: () => ({
      filter: {text: '', verdict: '', tier: '', profile: '', function: ''},
      opened: {}, whole: {},
    }),
    methods: {
      show(id) {
        if (!matches(model.requirements.get(id), this.filter)) {
          for (const key of Object.keys(this.filter)) this.filter[key] = '';
        }
        Vue.set(this.opened, id, true);
        return 'requirement-' + id;
      },
    },
    render(h) {
      const shown = all.filter((item) => matches(item, this.filter));
      return h('section', {attrs: {id: 'requirements'}}, [
        h('h2', 'Requirements'),
        filters(h, this.filter),
        parts.count(h, shown.length, all.length, 'requirement'),
        ...model.distinct(shown, model.functionOf).sort().map((name) => h('div',
            {key: name}, [
              h('h3', name),
              ...shown.filter((item) => model.functionOf(item) === name).map(
                  (item) => requirement(h, this, item)),
            ])),
      ]);
    },
  };
})();
