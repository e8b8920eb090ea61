import { afterEach, expect, test, vi } from "vitest";
import { runtimeNetwork } from "./network.ts";

afterEach(() => vi.unstubAllGlobals());

test("where there is no browser, the network is always there", () => {
  vi.stubGlobal("navigator", undefined);
  expect(runtimeNetwork.isOnline()).toBe(true);
  runtimeNetwork.subscribe(() => {})();
});

test("a page hears of the network, and of being looked at", () => {
  const scope = new EventTarget();
  vi.stubGlobal("navigator", { onLine: false });
  vi.stubGlobal("addEventListener", scope.addEventListener.bind(scope));
  vi.stubGlobal("removeEventListener", scope.removeEventListener.bind(scope));
  let heard = 0;
  const leave = runtimeNetwork.subscribe(() => heard++);
  expect(runtimeNetwork.isOnline()).toBe(false);
  scope.dispatchEvent(new Event("visibilitychange"));
  scope.dispatchEvent(new Event("online"));
  scope.dispatchEvent(new Event("offline"));
  expect(heard).toBe(3);
  leave();
  scope.dispatchEvent(new Event("visibilitychange"));
  scope.dispatchEvent(new Event("online"));
  expect(heard).toBe(3);
});

test("a page that is hidden hears of the network only", () => {
  const scope = new EventTarget();
  vi.stubGlobal("document", { visibilityState: "hidden" });
  vi.stubGlobal("addEventListener", scope.addEventListener.bind(scope));
  const heard: string[] = [];
  const leave = runtimeNetwork.subscribe(() => heard.push("now"));
  scope.dispatchEvent(new Event("visibilitychange"));
  expect(heard).toEqual([]);
  scope.dispatchEvent(new Event("online"));
  expect(heard).toEqual(["now"]);
  leave();
});
