// The certificate as the page holds it, and questions about it. The data are
// written by page_data.cc.
const model = (function () {
  const data = JSON.parse(document.getElementById('data').textContent);

  // From the best to the worst; the sign says the same as the colour.
  const kinds = [
    {name: 'pass', sign: '✓', look: 'good'},
    {name: 'unsupported', sign: '–', look: 'plain'},
    {name: 'deviation', sign: '△', look: 'known', words: 'known deviation'},
    {name: 'untested', sign: '○', look: 'bad'},
    {name: 'inconclusive', sign: '?', look: 'bad'},
    {name: 'error', sign: '!', look: 'bad'},
    {name: 'fail', sign: '✗', look: 'bad'},
    {name: 'hang', sign: '✗', look: 'bad'},
    {name: 'crash', sign: '✗', look: 'bad'},
  ];
  const kindByName = new Map(kinds.map((kind) => [kind.name, kind]));

  // Of a case or requirement: a known deviation is a kind of its own.
  function kindOf(item) {
    return kindByName.get(item.deviation ? 'deviation' : item.verdict) ||
        kindByName.get('error');
  }

  // "fail, known deviation".
  function words(item) {
    return item.deviation ? item.verdict + ', known deviation' : item.verdict;
  }

  function worst(items) {
    return items.map(kindOf).reduce(
        (a, b) => kinds.indexOf(a) < kinds.indexOf(b) ? b : a, kinds[0]);
  }

  const requirements = new Map(data.requirements.map((r) => [r.id, r]));

  function functionOf(requirement) {
    return requirement.function || 'all functions';
  }

  // What the requirements of the case say that `of` asks of each.
  function ofRequirements(item, of) {
    return item.requirements.map((id) => requirements.get(id)).filter(
        Boolean).map(of);
  }

  const cases = new Map(data.cases.map((c) => [c.name, c]));

  function command(pair) {
    return pair ? data.commands[pair[0]].join(pair[1]) : '';
  }

  data.cases.forEach(function (item, index) {
    item.index = index;
    item.deviation = item.reason !== undefined;
    item.steps = data.steps[item.steps] || [];
    item.notes = item.notes || [];
    item.message = item.message || '';
    item.trace = item.trace || '';
    const owner = (at) => at === undefined ? '' :
        command([at, item.name]);
    item.reproduce = owner(item.reproduce);
    item.reproducer = owner(item.reproducer);
    item.tiers = ofRequirements(item, (row) => row.tier);
    item.functions = ofRequirements(item, functionOf);
    item.search = (item.name + ' ' + item.requirements.join(' ') + ' ' +
                   item.message).toLowerCase();
  });
  data.requirements.forEach(function (item) {
    item.cases = item.cases.map((index) => data.cases[index]);
    item.search = [item.id, item.sentence, item.source, item.function,
                   ...item.cases.map((c) => c.name)].join(' ').toLowerCase();
  });

  // What the case says about one of its requirements: a fail that names only
  // others speaks for it.
  function verdictFor(item, id) {
    const others = item.verdict === 'fail' && item.failed &&
        !item.failed.includes(id) &&
        item.failed.every((other) => item.requirements.includes(other));
    return others ? {verdict: 'pass', deviation: false} : item;
  }

  function isUnfavourable(item) {
    return ['error', 'inconclusive', 'fail', 'hang', 'crash'].includes(
        kindOf(item).name);
  }

  // The values of `of` that occur, in order of first appearance.
  function distinct(items, of) {
    return [...new Set(items.map(of))];
  }

  // The kinds that occur, as choices of a filter.
  function kindsIn(items) {
    const found = new Set(items.map(kindOf));
    return kinds.filter((kind) => found.has(kind));
  }

  function plural(count, word) {
    return count + ' ' + word + (count === 1 ? '' : 's');
  }

  return Object.freeze({
    data, kinds, requirements, cases, functionOf, kindOf, words, worst,
    verdictFor, isUnfavourable, distinct, kindsIn, plural,
  });
})();
