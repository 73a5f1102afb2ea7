import type { TableRequests } from "./requests.ts";

const FINDING_ID = /\bf-[0-9a-f]{20}\b/g;

/** requests.ts as JavaScript: recorded requests as literals, with the recorded bucket and finding made parameters. Pure. */
export function requestsSource(recorded: TableRequests, recordedBucket: string): string {
  const text = (value: string): string =>
    JSON.stringify(value).replaceAll(recordedBucket, '"+bucket+"').replaceAll(FINDING_ID, '"+finding+"');
  const source = (value: unknown): string => {
    if (typeof value === "string") return text(value);
    if (Array.isArray(value)) return `[${value.map(source).join()}]`;
    if (typeof value !== "object" || value === null) return JSON.stringify(value);
    const members = Object.entries(value).map(([key, member]) => {
      const name = text(key);
      // Only a name with a parameter in it has to be computed.
      return `${name === JSON.stringify(key) ? name : `[${name}]`}:${source(member)}`;
    });
    return `{${members.join()}}`;
  };
  return `export const requestsFor = (bucket, finding) => (${source(recorded)});`;
}
