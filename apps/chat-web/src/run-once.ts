/**
 * Turns a button off until the work that it stands for has ended, so that a slow server does not get it twice. Does
 * nothing if the work is still going on: the Enter key of a form can come without its button.
 */
export async function runOnce(button: HTMLButtonElement, work: () => Promise<void>): Promise<void> {
  if (button.disabled) return;
  button.disabled = true;
  try {
    await work();
  } finally {
    button.disabled = false;
  }
}
