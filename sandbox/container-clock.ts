/**
 * Preloaded into each function container: moves `Date` by an offset, so that an unchanged bundle lives in the sandbox's
 * time. Timers and `performance` go on in real time.
 */
const RealDate = Date;
let offsetMs = 0;

/** Let `Date` be `ms` milliseconds ahead of real time from now on. */
export function setClockOffset(ms: number): void {
  offsetMs = ms;
}

const now = (): number => RealDate.now() + offsetMs;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, parameters, newTarget) =>
    Reflect.construct(target, parameters.length === 0 ? [now()] : parameters, newTarget),
  apply: () => new RealDate(now()).toString(),
  get: (target, property) => (property === "now" ? now : Reflect.get(target, property)),
});
