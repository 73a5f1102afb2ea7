const UNITS_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
const MINUTE_MS = 60_000;
/** A cron expression that is not due within four years is taken as never due. */
const MAX_MS = 4 * 366 * 86_400_000;
const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/** When a schedule is due next after `after` (epoch ms), counted from `since` where that matters; undefined for never. */
export type Schedule = (after: number, since: number) => number | undefined;

/**
 * Read `rate(15 minutes)` or `cron(0 3 ? * MON-FRI *)`, in UTC. A rate is due first one period after its rule was put.
 * Of cron: lists, ranges, steps and names; not L, W and #. Throws Error for what is no schedule expression.
 */
export function parseSchedule(expression: string): Schedule {
  const [, count, unit, plural] = /^rate\((\d+) (minute|hour|day)(s?)\)$/.exec(expression) ?? [];
  if (unit !== undefined && Number(count) > 0 && (Number(count) === 1) === (plural === "")) {
    const period = Number(count) * (UNITS_MS[unit] ?? 0);
    return (after, since) => since + (Math.floor(Math.max(0, after - since) / period) + 1) * period;
  }
  const fields = /^cron\(([^)]*)\)$/.exec(expression)?.[1]?.split(" ");
  if (fields?.length !== 6) throw new Error(`Parameter ScheduleExpression is not valid: ${expression}`);
  const [minute, hour, dayOfMonth, month, dayOfWeek, year] = fields.map((field) => field.toUpperCase()) as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  if ((dayOfMonth === "?") === (dayOfWeek === "?"))
    throw new Error(`Parameter ScheduleExpression is not valid: ${expression}`);
  const isMinute = parseField(minute, 0, 59);
  const isHour = parseField(hour, 0, 23);
  const isDay = parseField(dayOfMonth, 1, 31);
  const isMonth = parseField(month, 1, 12, MONTHS);
  const isWeekday = parseField(dayOfWeek, 1, 7, DAYS);
  const isYear = parseField(year, 1970, 2199);
  const isDate = (at: Date): boolean =>
    isDay(at.getUTCDate()) &&
    isMonth(at.getUTCMonth() + 1) &&
    isWeekday(at.getUTCDay() + 1) &&
    isYear(at.getUTCFullYear());
  const isTime = (at: Date): boolean => isMinute(at.getUTCMinutes()) && isHour(at.getUTCHours());
  return (after) => {
    let at = (Math.floor(after / MINUTE_MS) + 1) * MINUTE_MS;
    for (const end = at + MAX_MS; at < end; ) {
      const date = new Date(at);
      if (isDate(date) && isTime(date)) return at;
      at = isDate(date) ? at + MINUTE_MS : date.setUTCHours(24, 0, 0, 0);
    }
    return undefined;
  };
}

function parseField(
  field: string,
  from: number,
  to: number,
  names: readonly string[] = [],
): (value: number) => boolean {
  if (field === "*" || field === "?") return () => true;
  const read = (text: string): number => {
    const index = names.indexOf(text);
    const value = index >= 0 ? index + from : Number(text);
    if (!/^\w+$/.test(text) || !Number.isInteger(value) || value < from || value > to)
      throw new Error(`Parameter ScheduleExpression is not valid: ${field}`);
    return value;
  };
  const tests = field.split(",").map((part) => {
    const [range = "", step] = part.split("/");
    const [low = "", high] = range.split("-");
    const start = low === "*" ? from : read(low);
    const end = high !== undefined ? read(high) : step !== undefined || low === "*" ? to : start;
    const every = step === undefined ? 1 : read(step);
    return (value: number) => value >= start && value <= end && (value - start) % every === 0;
  });
  return (value) => tests.some((test) => test(value));
}
