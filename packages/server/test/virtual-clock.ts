// Server's tests cannot depend on @tidings/testing, which depends on the server. So they import its clock as a file.
export { VirtualClock } from "../../testing/src/virtual-clock.ts";
