// Client's tests cannot depend on @tidings/testing, which depends on the client. So they import its clock as a file.
export { VirtualClock } from "../../testing/src/virtual-clock.ts";

/** Lets everything happen that waits for no time: the client and the fake server wait for nothing but promises. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 16; turn++) await Promise.resolve();
}
