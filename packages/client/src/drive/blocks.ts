import { parseEventName, type ControlEvents, type PageEvent } from "@tidings/protocol";

/** The fields of control events. What a newer or a strange server sends may lack any of them. */
type ControlData = ControlEvents["hello"] &
  ControlEvents["clear"] &
  Pick<ControlEvents["bye"], "reason"> & { readonly channels: unknown };

/** The fields of a control event. None where it is no JSON. */
export function parseControl(json: string): ControlData {
  try {
    return Object(JSON.parse(json)) as ControlData;
  } catch {
    return {} as ControlData;
  }
}

/** An event of a channel. Null for a control event. */
export function parseEvent(event: string, json: string): PageEvent | null {
  const name = parseEventName(event);
  return (
    name && {
      ...name,
      // Parsed where somebody wants it: what nobody follows never is.
      get data() {
        return JSON.parse(json) as unknown;
      },
    }
  );
}
