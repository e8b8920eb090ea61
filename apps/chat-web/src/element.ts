/** The element of index.html with this id. @throws TypeError when page and program do not fit each other */
export function element<Class extends Element>(id: string, type: abstract new () => Class): Class {
  return elementIn(document, `#${id}`, type);
}

/** The same inside a part of the page. */
export function elementIn<Class extends Element>(
  parent: ParentNode,
  selector: string,
  type: abstract new () => Class,
): Class {
  const found = parent.querySelector(selector);
  if (!(found instanceof type)) throw new TypeError(`Expected ${selector} to be a ${type.name} of index.html.`);
  return found;
}

/** A copy of what a template of index.html holds: one element. */
export function copyOf(templateId: string): HTMLElement {
  const { content } = element(templateId, HTMLTemplateElement);
  const copy = content.firstElementChild?.cloneNode(true);
  if (!(copy instanceof HTMLElement)) throw new TypeError(`Expected an element in #${templateId} of index.html.`);
  return copy;
}

/** Writes only what changes: a screen reader reads out what is written. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}
