/** RFC 3339 with seconds and an offset: without one, a time is another time on another machine. */
export const INSTANT = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(Z|([+-])(\d{2}):(\d{2}))$/;

const MINUTE_MS = 60_000;

/**
 * A time with an offset -> milliseconds since the epoch; undefined when there is no such time. Pure, and the same in every time zone.
 *
 * `Date.parse` alone takes 30 February for 2 March, and times without an offset for local ones.
 */
export function parseInstant(text: string): number | undefined {
  const [, year, month, day, hour, minute, second, , sign, offsetHour, offsetMinute] = INSTANT.exec(text) ?? [];
  if (year === undefined) return undefined;
  const written = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const asUtcMs = Date.parse(`${written}Z`);
  if (Number.isNaN(asUtcMs) || !new Date(asUtcMs).toISOString().startsWith(written)) return undefined;
  if (sign === undefined) return asUtcMs;
  if (Number(offsetHour) > 14 || Number(offsetMinute) > 59) return undefined;
  const offsetMs = (Number(offsetHour) * 60 + Number(offsetMinute)) * MINUTE_MS;
  return sign === "+" ? asUtcMs - offsetMs : asUtcMs + offsetMs;
}
