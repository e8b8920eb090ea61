/**
 * Watches a part of the page for a control that goes away while it has the focus: a button that is removed, hidden or
 * turned off. Without a new place for the focus, a screen reader would begin at the top of the page again.
 *
 * @param next gets the focus then
 */
export function catchLostFocus(view: HTMLElement, next: HTMLElement): void {
  let last: Element | null = null;
  view.addEventListener("focusin", ({ target }) => {
    // Whoever uses a mouse or a finger misses no focus, and on a phone a text field that takes it opens the keyboard.
    last = target instanceof Element && target.matches(":focus-visible") ? target : null;
  });
  // A text field shows its focus to them, too. Whoever presses elsewhere leaves it.
  document.addEventListener("pointerdown", () => (last = null), { capture: true });
  const observer = new MutationObserver(() => {
    if (last === null || !isGone(last)) return;
    const { activeElement } = document;
    // A browser takes the focus off a hidden or disabled control a little later.
    if (activeElement === document.body || activeElement === last) next.focus();
  });
  observer.observe(view, { childList: true, subtree: true, attributeFilter: ["hidden", "disabled"] });
}

function isGone(control: Element): boolean {
  return !control.isConnected || control.closest("[hidden]") !== null || control.matches(":disabled");
}
