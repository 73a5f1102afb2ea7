import type { Detection, Ports, WatchingControl } from "../../shared/control.ts";
import { isSame, nameDifferences, only, tellDifference, without } from "../../shared/deployment/compare.ts";
import { patience } from "../../shared/deployment/deployments.ts";
import type { LiveValue, OwnPart, OwnResource, Source } from "../../shared/deployment/own-resource.ts";
import { CordonError } from "../../shared/errors.ts";
import { findingId } from "../../shared/ids.ts";
import type { CellResources, Properties } from "../../shared/resources/cell-resources.ts";
import type { Reading } from "../../shared/resources/port.ts";
import type { ConditionFacts, Facts, Finding, ResourceRef } from "../../shared/types.ts";
import { meta } from "./meta.ts";
import { GONE, NOUNS, type PartText, TEXTS } from "./texts.ts";

type State = Properties;

/** The part that stands for the resource itself. */
const EXISTENCE = "existence";

/** Every resource of Cordon's own is there, and in what matters as it was deployed. Its parts are named in deploy/guarded.ts. */
export const control: WatchingControl<State> = {
  meta,
  changes: "nothing",
  detect,
  ...patience,
};

async function detect(resource: ResourceRef, { cell }: Ports): Promise<Detection<State>> {
  if (cell === undefined) throw new CordonError("misconfigured", `${meta.id} can be run by functions/guard-cell only`);
  const own = cell.own.find(({ ref }) => ref.arn === resource.arn);
  if (own === undefined) return { kind: "absent", reason: `${resource.arn} is no part of what is deployed` };
  const read = rememberingReads(cell);
  const main = await read(own.source);
  if (main.kind === "unreadable") return main;
  if (main.kind === "absent") {
    // What else was wrong with it is not put right by its being gone.
    return { kind: "present", state: {}, tags: [], findings: [gone(own)], isPartial: true };
  }
  const parts = await Promise.all(own.parts.map(async (part) => findingOf(own, part, await factsOf(own, part, read))));
  return { kind: "present", state: main.state, tags: [], findings: [there(own), ...parts] };
}

type Read = (source: Source) => Promise<Reading<Properties>>;

/** Parts share sources: each is read once a look. */
function rememberingReads(cell: CellResources): Read {
  const readings = new Map<string, Promise<Reading<Properties>>>();
  return (source) => {
    const key = JSON.stringify(source);
    const reading = readings.get(key) ?? cell.read(source);
    readings.set(key, reading);
    return reading;
  };
}

async function factsOf(own: OwnResource, part: OwnPart, read: Read): Promise<Facts> {
  const reading = await read(part.source ?? own.source);
  if (reading.kind === "unreadable") return reading;
  const expected = await resolved(part.expected, read);
  if ("unreadable" in expected) return { kind: "unreadable", reason: expected.unreadable };
  const live = reading.kind === "present" ? reading.state : {};
  const whole = Object.fromEntries(Object.keys(part.expected).map((path) => [path, setAt(live, path, part)]));
  const seen = part.ignores === undefined ? whole : without(part.ignores, whole);
  const found = part.isOpen ? only(expected.value, seen) : seen;
  const text = textOf(own, part.part);
  const { says, consequence } = text;
  if (part.isNeeded ? !isSame(found, undefined) : isSame(expected.value, found))
    return conditionOf(true, { expected: "as deployed", found: "as deployed" }, consequence, "");
  const told = tellPart(part, reading, expected.value, found);
  return conditionOf(false, told, `it ${says}: ${consequence}`, remedy(own, text));
}

/** What was set at a path: what AWS shows there, unless it shows that where nothing was set. */
function setAt(live: Properties, path: string, { expected, usual }: OwnPart): unknown {
  const value = memberAt(live, path);
  const isUsual = expected[path] === undefined && usual?.[path]?.some((each) => isSame(each, value)) === true;
  return isUsual ? undefined : value;
}

function tellPart(part: OwnPart, reading: Reading<Properties>, expected: unknown, found: unknown) {
  if (reading.kind === "absent") return { expected: tellDifference(expected, {}).expected, found: reading.reason };
  if (part.isNeeded) return { expected: "one at least", found: "none" };
  if (!part.isSecret) return tellDifference(expected, found);
  return { expected: "as deployed", found: `differs in ${nameDifferences(expected, found).join(", ")}` };
}

function conditionOf(
  holds: boolean,
  { expected, found }: { readonly expected: string; readonly found: string },
  consequence: string,
  remedy: string,
): ConditionFacts {
  return { kind: "condition", holds, expected, found, consequence, remedy };
}

/** The values only AWS knows, read where they lie. */
async function resolved(
  expected: unknown,
  read: Read,
): Promise<{ readonly value: unknown } | { readonly unreadable: string }> {
  if (isLive(expected)) {
    const { source, path } = expected["cordon:live"];
    const reading = await read(source);
    const value = reading.kind === "present" ? memberAt(reading.state, path) : undefined;
    if (value !== undefined) return { value };
    const why = reading.kind === "present" ? `AWS shows no ${path}` : reading.reason;
    return { unreadable: `what it has to be can't be told: ${why}` };
  }
  if (typeof expected !== "object" || expected === null) return { value: expected };
  const entries = await Promise.all(
    Object.entries(expected).map(async ([name, member]) => [name, await resolved(member, read)] as const),
  );
  const values: [string, unknown][] = [];
  for (const [name, each] of entries) {
    if ("unreadable" in each) return each;
    values.push([name, each.value]);
  }
  return { value: Array.isArray(expected) ? values.map(([, value]) => value) : Object.fromEntries(values) };
}

function isLive(value: unknown): value is LiveValue {
  return typeof value === "object" && value !== null && "cordon:live" in value;
}

function memberAt(properties: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, name) => {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    return (value as Readonly<Record<string, unknown>>)[name];
  }, properties);
}

function there(own: OwnResource): Finding {
  return findingOf(
    own,
    { part: EXISTENCE, expected: {} },
    conditionOf(true, { expected: "there", found: "there" }, "", ""),
  );
}

function gone(own: OwnResource): Finding {
  const { name } = own.ref;
  const remedy = `Make ${name} again, as deploy/ describes it. A deployment alone doesn't: CloudFormation believes it to be there.`;
  const facts = conditionOf(false, { expected: "there", found: "gone" }, GONE[own.ref.type] ?? "it is missing", remedy);
  return findingOf(own, { part: EXISTENCE, expected: {} }, facts);
}

function findingOf(own: OwnResource, { part }: OwnPart, facts: Facts): Finding {
  const { ref } = own;
  const what = `Cordon's ${NOUNS[ref.type] ?? "resource"} ${ref.name}`;
  const titles = {
    holds: part === EXISTENCE ? `${what} is there` : `${what} is as deployed (${part})`,
    broken: part === EXISTENCE ? `${what} is gone` : `${what} ${textOf(own, part).says} (${part})`,
    unreadable: `${what}: whether it is as deployed can't be told (${part})`,
  };
  const title = facts.kind !== "condition" ? titles.unreadable : facts.holds ? titles.holds : titles.broken;
  return { id: findingId(meta.id, ref, part), controlId: meta.id, resource: ref, part, title, facts };
}

function textOf({ ref }: OwnResource, part: string): PartText {
  return TEXTS[ref.type]?.[part] ?? { says: "is not as deployed", consequence: "what follows is not known" };
}

function remedy({ ref }: OwnResource, { command }: PartText): string {
  const byHand = command === undefined ? "Put back what is expected." : `Put it back: ${command(ref.name)}.`;
  return `Ask whoever did it. ${byHand} If it was meant, deploy it; a deployment that changes nothing puts nothing back, CloudFormation believes it unchanged.`;
}
