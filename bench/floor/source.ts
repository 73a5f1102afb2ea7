const FINDING_ID = /\bf-[0-9a-f]{20}\b/g;

/**
 * The floor's requests.ts as JavaScript: recorded requests as literals, with the recorded names and finding made parameters, the finding last. Pure.
 *
 * @param names what was recorded, by the parameter that takes its place
 */
export function requestsSource(recorded: object, names: Readonly<Record<string, string>>): string {
  const parameters = Object.entries(names);
  const text = (value: string): string =>
    parameters
      .reduce((literal, [parameter, name]) => literal.replaceAll(name, `"+${parameter}+"`), JSON.stringify(value))
      .replaceAll(FINDING_ID, '"+finding+"');
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
  return `export const requestsFor = (${[...Object.keys(names), "finding"]}) => (${source(recorded)});`;
}
