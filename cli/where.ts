import { splitClasses } from "../shared/classification/classify.ts";
import { unknownName } from "../shared/policy/language/problems.ts";
import type { Classification, ResidencyPolicy } from "../shared/policy/policy.ts";
import { command, exitCodes } from "./command.ts";
import { endProgress, JOURNAL_SETTINGS, openRecords } from "./journal.ts";
import { POLICY_SETTINGS, type PolicyInUse, policyInUse } from "./policy-in-use.ts";
import { type Cell, isColoured, renderTable } from "./table.ts";
import { counted, plain, toSeconds } from "./text.ts";
import {
  type HeldRow,
  type Memory,
  type Places,
  placesOf,
  type Residency,
  readMemory,
  type SentRow,
} from "./where-places.ts";

/** `cordon where`: which Regions hold data of a class, and which it is sent to (S4). */
export const where = command(
  {
    name: "where",
    summary: "Which Regions hold data of a class and which it is sent to, by the journal, held against policy",
    notes: `Held: resources of the class, by Region and account. Sent: Regions that their replication sends data to, contained rules left out; allowed means
that policy has nothing against it, be it within the residency or by a transfer that policy allows; anything else is how its finding stands.

It is what Cordon has been told of: a resource that no event was about is not in the journal, and one that was deleted without Cordon's hearing of it still is.
Resources of which no class is known are counted, for they may hold such data.

${JOURNAL_SETTINGS}
${POLICY_SETTINGS}
It reads the whole table (dynamodb:Scan).

Exit code: 0 every place is inside the residency of its class, 1 some place is outside, by an allowed transfer too, or can't be told; 2 it could not be run.`,
  },
  {
    classification: {
      type: "string",
      description: "The class of the data, such as pii",
      valueHint: "name",
      required: true,
    },
    "or-higher": { type: "boolean", description: "And of every class that ranks higher in policy" },
    list: { type: "boolean", description: "Name the resources" },
    policy: { type: "string", description: "The policy file to go by", valueHint: "file" },
    json: { type: "boolean", description: "The same as JSON" },
  },
  async (args) => {
    const inUse = await policyInUse(args.policy, process.env);
    const { table, records } = openRecords(process.env);
    const memory = await readMemory(records);
    endProgress();
    const classes = classesAsked(args.classification, args["or-higher"] === true, inUse.policy, memory);
    const places = placesOf(memory, classes, inUse.policy);
    const all: readonly (HeldRow | SentRow)[] = [...places.held, ...places.sent];
    const outside = all.filter(({ residency }) => residency === "outside").length;
    const unknown = all.filter(({ residency }) => residency === "unknown").length;
    const told = { inUse, classes, places, outside, unknown };
    process.stdout.write(args.json ? toJson(told, table, args.list === true) : describe(told, args.list === true));
    return outside + unknown === 0 ? exitCodes.fine : exitCodes.wrong;
  },
);

interface Told {
  readonly inUse: PolicyInUse;
  readonly classes: readonly string[];
  readonly places: Places;
  readonly outside: number;
  readonly unknown: number;
}

/** The class asked for, and those above it. Throws Error when neither policy nor journal knows it. */
function classesAsked(
  asked: string,
  isOrHigher: boolean,
  { name, classifications }: ResidencyPolicy,
  { resources }: Memory,
): readonly string[] {
  const seen = resources.flatMap(({ classification }) =>
    classification === undefined ? [] : splitClasses(classification),
  );
  const names = new Set([...classifications.map((each) => each.name), ...seen]);
  if (!names.has(asked)) throw new Error(`--classification: ${unknownName("class", asked, [...names].sort())}`);
  const known = classifications.find((each) => each.name === asked);
  if (!isOrHigher) return [asked];
  if (known === undefined)
    throw new Error(
      `--or-higher: found class "${asked}", which policy ${name} does not know any more; expected one of its classes, for only they have a rank`,
    );
  return classifications.filter(({ rank }) => rank >= known.rank).map((each) => each.name);
}

const WORDS: Readonly<Record<Residency, Cell>> = {
  inside: { text: "inside", colour: "green" },
  outside: { text: "OUTSIDE", colour: "red" },
  unknown: { text: "unknown", colour: "yellow" },
};

function describe(told: Told, isListed: boolean): string {
  const { inUse, classes, places } = told;
  const { policy, from } = inUse;
  const colours = isColoured();
  const head = classes.map((name) => describeClass(name, policy.classifications));
  const held = places.held.map((row): readonly Cell[] => [
    { text: row.classification },
    { text: row.region },
    { text: row.account },
    { text: String(row.resources.length) },
    WORDS[row.residency],
  ]);
  const sent = places.sent.map((row): readonly Cell[] => [
    { text: row.classification },
    { text: row.to ?? "unknown" },
    { text: row.from },
    { text: row.account },
    { text: String(row.resources.length) },
    { text: row.because },
    WORDS[row.residency],
  ]);
  const parts = [
    `${head.join("\n")}\nPolicy ${policy.name} (${plain(from)}).\n`,
    held.length > 0 && renderTable(["CLASS", "HELD IN", "ACCOUNT", "RESOURCES", "RESIDENCY"], held, colours),
    sent.length > 0 &&
      renderTable(["CLASS", "SENT TO", "FROM", "ACCOUNT", "RESOURCES", "BECAUSE", "RESIDENCY"], sent, colours),
    isListed &&
      places.held.length > 0 &&
      renderTable(["RESOURCE", "REGION", "SENDS TO", "LAST SEEN"], list(places), false),
    conclusion(told),
  ];
  return parts.filter((part) => part !== false).join("\n");
}

function describeClass(name: string, classifications: readonly Classification[]): string {
  const known = classifications.find((each) => each.name === name);
  if (known === undefined)
    return `Class "${name}" is in the journal, and not in the policy: where it may be can't be told.`;
  const where = known.anywhere ? "may live anywhere" : `has to stay in ${known.residency.join(", ")}`;
  return `Class "${name}" (rank ${known.rank}) ${where}.`;
}

function list({ held }: Places): readonly (readonly Cell[])[] {
  return held.flatMap(({ resources }) =>
    resources.map(({ resource, sentTo, seenAt }) => [
      { text: plain(resource.arn) },
      { text: resource.region },
      { text: [...new Set(Object.values(sentTo).flat())].sort().join(", ") || "-" },
      { text: seenAt === undefined ? "unknown" : toSeconds(seenAt) },
    ]),
  );
}

function conclusion({ classes, places, outside, unknown }: Told): string {
  const { held, sent, unclassified } = places;
  const name =
    classes.length === 1 ? `class "${classes[0]}"` : `classes ${classes.map((each) => `"${each}"`).join(", ")}`;
  const regions = new Set(held.map(({ region }) => region));
  const further = new Set(sent.flatMap(({ to }) => (to === undefined || regions.has(to) ? [] : [to])));
  const lies =
    regions.size === 0
      ? `Cordon has seen no resource with data of ${name}.`
      : `Data of ${name} lies in ${[...regions].join(", ")}${further.size > 0 ? `, and is sent to ${[...further].join(", ")} besides` : ""}.`;
  const verdict =
    outside > 0
      ? `OUTSIDE its residency: ${[...new Set([...held.map(at), ...sent.map(at)].filter((place) => place !== undefined))].join(", ")}.`
      : unknown === 0 && regions.size > 0
        ? "All of it is inside."
        : "";
  const untold = unknown > 0 ? `Of ${counted(unknown, "place")} above it can't be told.` : "";
  const defaults = new Set(
    held.flatMap(({ resources }) => resources.filter(({ classSource }) => classSource === "default")),
  ).size;
  const assumed =
    defaults > 0 ? `Nobody has classified ${counted(defaults, "resource")} of these: policy's default counts.` : "";
  const open =
    unclassified.length > 0
      ? `${counted(unclassified.length, "resource")} of no known class may hold such data too (${[...new Set(unclassified.map(({ resource }) => resource.region))].sort().join(", ")}).`
      : "";
  const lines = [[lies, verdict, untold].filter(Boolean).join(" "), assumed, open];
  return `${lines.filter(Boolean).join("\n")}\n`;
}

function at(row: HeldRow | SentRow): string | undefined {
  if (row.residency !== "outside") return undefined;
  return "to" in row ? row.to : row.region;
}

function toJson({ inUse, classes, places, outside, unknown }: Told, table: string, isListed: boolean): string {
  const { policy, from } = inUse;
  const row = <Row extends HeldRow | SentRow>({ resources, ...rest }: Row) => ({
    ...rest,
    resources: resources.length,
    byDefault: resources.filter(({ classSource }) => classSource === "default").length,
    ...(isListed && { names: resources.map(({ resource, seenAt }) => ({ arn: resource.arn, seenAt })) }),
  });
  const byPlace = Map.groupBy(places.unclassified, ({ resource }) => `${resource.region} ${resource.account}`);
  const report = {
    table,
    policy: { name: policy.name, digest: policy.digest, from },
    classes: classes.map((name) => {
      const known = policy.classifications.find((each) => each.name === name);
      if (known === undefined) return { name, isInPolicy: false };
      const { rank, anywhere, residency, places: allowed } = known;
      return { name, isInPolicy: true, rank, anywhere, residency, places: allowed };
    }),
    held: places.held.map(row),
    sent: places.sent.map((each) => ({ ...row(each), to: each.to ?? null })),
    unclassified: [...byPlace].sort().map(([place, resources]) => {
      const [region, account] = place.split(" ");
      return { region, account, resources: resources.length };
    }),
    outside,
    unknown,
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}
