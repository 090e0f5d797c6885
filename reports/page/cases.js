// The sections made of cases: failures, known deviations, and all.
const failuresSection = (function () {
  const items = model.data.cases.filter(model.isUnfavourable);
  return {
    isEmpty: items.length === 0,
    data: () => ({opened: {}, shown: {count: 50}}),
    methods: {
      openAll() {
        this.shown.count = items.length;
        items.forEach((item) => Vue.set(this.opened, item.name, true));
      },
    },
    render(h) {
      return h('section', {attrs: {id: 'failures'}}, [
        h('h2', 'Failures: ' + model.plural(items.length, 'case')),
        h('p', 'What speaks against the implementation and no known ' +
            'deviation predicted, each as a bug report.'),
        h('p', {class: 'faint'}, 'All of ' + model.data.subject + '.'),
        ...parts.some(h, items, this.shown,
            (item) => parts.caseFold(h, this.opened, item)),
      ]);
    },
  };
})();

const deviationsSection = (function () {
  const groups = model.data.reasons.map((reason, index) => ({
    reason, cases: model.data.cases.filter((item) => item.reason === index),
  })).filter((group) => group.cases.length);

  function group(h, view, {reason, cases}) {
    const ids = model.distinct(cases.flatMap(
        (item) => item.failed && item.failed.length ? item.failed :
                                                      item.requirements),
        (id) => id);
    const shown = cases.find((item) => item.reproducer);
    return parts.fold(h, {state: view.opened, key: reason, class: 'case'}, [
      h('span', {class: 'verdict known'}, [
        h('span', {attrs: {'aria-hidden': 'true'}}, '△ '),
        model.plural(cases.length, 'case')]),
      ' ', reason,
    ], () => h('div', {class: 'body'}, [
      h('p', ['Speaks against ', ...ids.flatMap((id, index) =>
        [index ? ', ' : '', parts.requirementLink(h, id)]), '.']),
      h('ul', {class: 'cases'}, cases.map((item) => h('li',
          [item.verdict + ' ', parts.caseLink(h, item)]))),
      shown ? parts.label(h, 'A program that shows it') : null,
      shown ? h('pre', shown.reproducer) : null,
    ]));
  }

  return {
    isEmpty: groups.length === 0,
    data: () => ({opened: {}}),
    render(h) {
      const sum = groups.reduce((total, {cases}) => total + cases.length, 0);
      return h('section', {attrs: {id: 'deviations'}}, [
        h('h2', 'Known deviations: ' + model.plural(sum, 'case')),
        h('p', 'Verdicts that the file of known deviations predicted, by ' +
            'their reasons. A documented requirement with one is not ' +
            'certified.'),
        ...groups.map((each) => group(h, this, each)),
      ]);
    },
  };
})();

const casesSection = (function () {
  const all = model.data.cases;

  function matches(item, filter) {
    return parts.matchesText(item, filter.text) &&
        parts.matchesVerdict(item, filter.verdict) &&
        (!filter.profile || item.profile === filter.profile) &&
        (!filter.tier || item.tiers.includes(filter.tier)) &&
        (!filter.function || item.functions.includes(filter.function));
  }

  function filters(h, filter) {
    const choices = (of) => parts.plainChoices(all.flatMap(of));
    return h('form', {
      class: 'filters', attrs: {role: 'search', 'aria-label': 'Cases'},
      on: {submit: (event) => event.preventDefault()},
    }, [
      parts.textFilter(h, filter, 'text', 'Text'),
      parts.choice(h, filter, 'verdict', 'Verdict', parts.verdictChoices(all)),
      parts.choice(h, filter, 'tier', 'Tier', choices((item) => item.tiers)),
      parts.choice(h, filter, 'profile', 'Profile',
          choices((item) => item.profile)),
      parts.choice(h, filter, 'function', 'Function',
          choices((item) => item.functions)),
    ]);
  }

  return {
    data: () => ({
      filter: {text: '', verdict: '', tier: '', profile: '', function: ''},
      only: '',  // the case that a link leads to
      opened: {}, shown: {count: 50},
    }),
    watch: {
      filter: {deep: true, handler() { this.only = ''; }},
    },
    methods: {
      show(name) {
        this.only = name;
        Vue.set(this.opened, name, true);
        return 'case-' + model.cases.get(name).index;
      },
    },
    render(h) {
      const found = this.only ? [model.cases.get(this.only)] :
          all.filter((item) => matches(item, this.filter));
      return h('section', {attrs: {id: 'cases'}}, [
        h('h2', 'Cases'),
        filters(h, this.filter),
        parts.count(h, found.length, all.length, 'case'),
        this.only ? h('button', {
          attrs: {type: 'button'}, on: {click: () => { this.only = ''; }},
        }, 'Show the other cases too') : null,
        ...parts.some(h, found, this.shown, (item) => parts.caseFold(
            h, this.opened, item, 'case-' + item.index)),
      ]);
    },
  };
})();
