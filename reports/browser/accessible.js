// What a reader who sees badly, or hears the page, needs of it; a list of what
// is wrong. axe-core looks further; this goes wherever the page does.
function whatIsInaccessible() {
  const wrong = [];

  function parse(color) {
    const [red, green, blue, alpha = 1] = color.match(/[\d.]+/g).map(Number);
    return {red, green, blue, alpha};
  }

  // WCAG 2: relative luminance and contrast.
  function luminance({red, green, blue}) {
    const [r, g, b] = [red, green, blue].map((value) => {
      const part = value / 255;
      return part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4;
    });
    return .2126 * r + .7152 * g + .0722 * b;
  }

  function contrast(a, b) {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + .05) / (low + .05);
  }

  function backgroundOf(element) {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.alpha === 1) return color;
    }
    return parse('rgb(255, 255, 255)');
  }

  function lookAtText(element) {
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const ratio = contrast(parse(style.color), backgroundOf(element));
    if (ratio < (large ? 3 : 4.5)) {
      wrong.push('contrast ' + ratio.toFixed(2) + ': ' +
                 element.outerHTML.slice(0, 200));
    }
  }

  function hasName(control) {
    const label = control.labels && control.labels[0];
    return [control.getAttribute('aria-label'), label && label.textContent,
            control.matches('input, select') ? '' : control.textContent].some(
        (text) => text && text.trim());
  }

  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const holders = new Set();
  while (walk.nextNode()) {
    const holder = walk.currentNode.parentElement;
    if (walk.currentNode.data.trim() && holder.checkVisibility()) {
      holders.add(holder);
    }
  }
  holders.forEach(lookAtText);

  for (const control of document.querySelectorAll(
      'a, button, input, select, summary, [tabindex]')) {
    if (!hasName(control)) {
      wrong.push('no name: ' + control.outerHTML.slice(0, 200));
    }
  }
  // Colour is never the only sign.
  for (const shown of document.querySelectorAll(
      '.verdict, .cell, .chip, .outcome')) {
    const sign = shown.querySelector('[aria-hidden="true"]');
    const text = shown.textContent.trim();
    if (!sign || text === sign.textContent.trim()) {
      wrong.push('says it by colour alone: ' + shown.outerHTML.slice(0, 200));
    }
  }
  const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
  for (const id of ids.filter((one, index) => ids.indexOf(one) < index)) {
    wrong.push('not the only one of its id: ' + id);
  }
  return wrong;
}
