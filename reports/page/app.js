// Puts the sections together, and follows links: #requirement=ID opens a
// requirement, #case=NAME a case.
(function () {
  const sections = [
    ['matrix', 'Dispatch matrix', matrixSection],
    ['requirements', 'Requirements', requirementsSection],
    ['failures', 'Failures', failuresSection],
    ['deviations', 'Known deviations', deviationsSection],
    ['fuzzing', 'Fuzzing', campaignsSection],
    ['cases', 'Cases', casesSection],
  ].filter(([, , section]) => !section.isEmpty);

  const kLost = 'link-lost';

  // Where the link leads: the id of an element.
  function target(refs) {
    const [, kind, text] = location.hash.match(/^#(\w+)=(.*)$/) || [];
    let name = '';
    try {
      name = decodeURIComponent(text || '');
    } catch (error) {
      return kLost;  // a link that somebody cut
    }
    if (kind === 'requirement' && model.requirements.has(name)) {
      return refs.requirements.show(name);
    }
    if (kind === 'case' && model.cases.has(name)) return refs.cases.show(name);
    return kind ? kLost : location.hash.slice(1);
  }

  // A click on a link to where the page already is changes nothing that the
  // page would be told of.
  function isLinkToHere(event) {
    const link = event.target.closest && event.target.closest('a');
    return Boolean(link && link.hash && link.hash === location.hash);
  }

  // eslint-disable-next-line no-new
  new Vue({
    el: '#app',
    data: () => ({lost: ''}),
    mounted() {
      addEventListener('hashchange', () => this.follow());
      addEventListener('click', (event) => {
        if (isLinkToHere(event)) this.follow();
      });
      addEventListener('beforeprint', () => {
        if (this.$refs.failures) this.$refs.failures.openAll();
      });
      if (location.hash) this.follow();
    },
    methods: {
      follow() {
        const id = target(this.$refs);
        this.lost = id === kLost ? location.hash : '';
        this.$nextTick(function () {
          const element = id && document.getElementById(id);
          if (!element) return;
          element.scrollIntoView({block: 'start'});
          const summary = element.querySelector('summary');
          if (summary && element.tagName === 'DETAILS') {
            summary.focus({preventScroll: true});
          }
        });
      },
    },
    render(h) {
      return h('div', {attrs: {id: 'app'}}, [
        h('nav', {attrs: {'aria-label': 'Sections'}}, [h('ul', [
          ...sections.map(([id, title]) => h('li',
              [h('a', {attrs: {href: '#' + id}}, title)])),
          h('li', [h('a', {attrs: {href: '#environment'}}, 'Environment')]),
        ])]),
        h('p', {attrs: {id: kLost, role: 'status'}}, this.lost &&
            'This certificate holds nothing by the name of the link: ' +
            this.lost),
        ...sections.map(([id, , section]) => h(section, {ref: id})),
      ]);
    },
  });
})();
