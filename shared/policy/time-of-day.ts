import type { QuietHours } from "./tickets.ts";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Whether the platform's IANA time zone database has a zone. An offset is none: it knows no summer. Pure. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    clockOf(name);
    return true;
  } catch {
    return false;
  }
}

/** To tell what somebody has meant. */
export function timeZoneNames(): readonly string[] {
  return Intl.supportedValuesOf("timeZone");
}

/** Whether clocks in the time zone show one of the hours. Pure. */
export function isQuiet({ fromMinute, toMinute, timeZone }: QuietHours, atMs: number): boolean {
  const [from, to] = [fromMinute * MINUTE_MS, toMinute * MINUTE_MS];
  const now = timeOfDayMs(timeZone, atMs);
  return from < to ? now >= from && now < to : now >= from || now < to;
}

/**
 * When quiet hours that are on end; undefined when they are not on. When clocks are changed within them they end when clocks show it: an hour that is not there is over at once,
 * and one that comes twice is quiet twice where it was once. Pure.
 *
 * @param nowMs since the epoch
 */
export function quietUntilMs(hours: QuietHours, nowMs: number): number | undefined {
  const { timeZone, toMinute } = hours;
  let atMs = nowMs;
  while (isQuiet(hours, atMs)) {
    const offset = offsetMs(timeZone, atMs);
    const left = toMinute * MINUTE_MS - timeOfDayMs(timeZone, atMs);
    const endMs = atMs + (left > 0 ? left : left + DAY_MS);
    atMs = offsetMs(timeZone, endMs - 1) === offset ? endMs : changeOfClocks(timeZone, atMs, endMs);
  }
  return atMs === nowMs ? undefined : atMs;
}

/** The first millisecond with another offset than the first's; there is one change in between. */
function changeOfClocks(timeZone: string, fromMs: number, toMs: number): number {
  const before = offsetMs(timeZone, fromMs);
  let [low, high] = [fromMs, toMs];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetMs(timeZone, middle) === before) low = middle;
    else high = middle;
  }
  return high;
}

function timeOfDayMs(timeZone: string, atMs: number): number {
  const localMs = atMs + offsetMs(timeZone, atMs);
  return ((localMs % DAY_MS) + DAY_MS) % DAY_MS;
}

/** How far clocks in a time zone are ahead of UTC. */
function offsetMs(timeZone: string, atMs: number): number {
  const shown = Object.fromEntries(
    clockOf(timeZone)
      .formatToParts(atMs)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = shown;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(atMs / 1_000) * 1_000;
}

/** Making one takes longer than asking it a hundred times. */
const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(timeZone: string): Intl.DateTimeFormat {
  const known = clocks.get(timeZone);
  if (known !== undefined) return known;
  const clock = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  clocks.set(timeZone, clock);
  return clock;
}
