import { splitClasses } from "../shared/classification/classify.ts";
import type { ControlMeta } from "../shared/control.ts";
import type { FindingRecord } from "../shared/journal/journal.ts";
import type { SeenResource } from "../shared/journal/records.ts";
import type { ResidencyPolicy } from "../shared/policy/policy.ts";
import type { Citation, ResourceRef } from "../shared/types.ts";
import { counted, toSeconds } from "./text.ts";

/** Whether one resource complies, as far as the journal tells. `unknown` is not yes. */
export interface ResourceAnswer {
  readonly complies: "yes" | "no" | "unknown";
  readonly sentence: string;
  /** What it rests on, for people. */
  readonly about: readonly string[];
  /** None: Cordon has never seen it. */
  readonly seen?: Omit<SeenResource, "sentTo"> & { readonly sentTo: readonly string[] };
  /** The controls whose word it is. */
  readonly controls: readonly string[];
}

interface Asked {
  readonly resource: string;
  readonly framework?: string | undefined;
}

/** Whether one of the citations is of that framework, whatever its letters' case. Pure. */
export function isFramework(citations: readonly Citation[], framework: string): boolean {
  return citations.some((each) => each.framework.toLowerCase() === framework.toLowerCase());
}

/** Every framework that a control, the policy or a finding cites. Pure. */
export function frameworksKnown(
  controls: readonly ControlMeta[],
  policy: ResidencyPolicy | undefined,
  found: readonly Citation[],
): readonly string[] {
  const cited = [...controls.flatMap((meta) => citationsOf(meta, policy)), ...found];
  return [...new Set(cited.map(({ framework }) => framework))].sort();
}

/** What a control's word is worth: what it cites itself, and what policy cites of the matters it judges. */
function citationsOf(
  { id, frameworks, subject }: ControlMeta,
  policy: ResidencyPolicy | undefined,
): readonly Citation[] {
  if (policy === undefined) return frameworks;
  const ofData = [...policy.classifications, ...policy.transfers].flatMap(({ citations }) => citations);
  return [...frameworks, ...(policy.controls[id]?.citations ?? []), ...(subject === "cordon" ? [] : ofData)];
}

/**
 * Whether each resource that is called so complies: with a framework, or with all that Cordon watches. One answer a resource, for a bucket's name can have passed
 * to another account; one that says so when there is none. Pure.
 */
export function answersFor(
  asked: Asked,
  seen: readonly SeenResource[],
  findings: readonly FindingRecord[],
  controls: readonly ControlMeta[],
  policy: ResidencyPolicy,
): readonly ResourceAnswer[] {
  if (seen.length === 0) {
    const sentence = `Cordon has never seen ${asked.resource}: that is no claim that it complies${withWhat(asked)}.`;
    return [{ complies: "unknown", sentence, about: [], controls: [] }];
  }
  return seen.map((each) => answerFor(asked, each, findings, controls, policy));
}

function answerFor(
  asked: Asked,
  seen: SeenResource,
  findings: readonly FindingRecord[],
  controls: readonly ControlMeta[],
  policy: ResidencyPolicy,
): ResourceAnswer {
  const { framework } = asked;
  const { resource } = seen;
  const looking = controls.filter(
    (meta) =>
      meta.resourceType === resource.type &&
      (framework === undefined || isFramework(citationsOf(meta, policy), framework)),
  );
  const own = findings.filter(
    (finding) =>
      isSame(finding.resource, resource) &&
      finding.status !== "resolved" &&
      (framework === undefined || isFramework(finding.citations, framework)),
  );
  const ids = [...new Set([...looking.map(({ id }) => id), ...own.map(({ controlId }) => controlId)])];
  const { complies, sentence } = judge(resource.name, withWhat(asked), residencyOf(seen, policy), own, ids);
  const sentTo = [...new Set(Object.values(seen.sentTo).flat())].sort();
  return { complies, sentence, about: aboutOf(seen, sentTo), seen: { ...seen, sentTo }, controls: ids };
}

function judge(
  name: string,
  withIt: string,
  residency: Residency,
  open: readonly FindingRecord[],
  controls: readonly string[],
): Pick<ResourceAnswer, "complies" | "sentence"> {
  const no = (why: string) => ({ complies: "no" as const, sentence: `${name} does not comply${withIt}: ${why}.` });
  const unknown = (why: string) => ({
    complies: "unknown" as const,
    sentence: `Whether ${name} complies${withIt} can't be said: ${why}.`,
  });
  const moving = open.filter(({ status }) => status !== "contained" && status !== "exempt");
  const wrong = moving.filter(({ decision }) => decision.explanation.verdict !== "undecidable");
  if (wrong.length > 0) return no(`${counted(wrong.length, "finding")} (${statusesOf(wrong)})`);
  if (residency.kind === "outside") return no(residency.why);
  const exempt = open.filter(({ status }) => status === "exempt");
  if (exempt.length > 0) return no(`${counted(exempt.length, "finding")} only let be, by an exception`);
  if (moving.length > 0)
    return unknown(`${counted(moving.length, "finding")} could not be decided (${statusesOf(moving)})`);
  if (controls.length === 0) return unknown("none of Cordon's controls looks at it for that");
  if (residency.kind === "unknown") return unknown(residency.why);
  const by = `as far as ${controls.join(" and ")} ${controls.length === 1 ? "sees" : "see"}`;
  if (open.length > 0) {
    const why = `what offended has been stopped, and ${counted(open.length, "finding")} ${open.length === 1 ? "stays" : "stay"} until it is gone`;
    return { complies: "yes", sentence: `${name} complies${withIt} at present, ${by}: ${why}.` };
  }
  return { complies: "yes", sentence: `${name} complies${withIt}, ${by}: nothing is found.` };
}

function statusesOf(findings: readonly FindingRecord[]): string {
  return [...new Set(findings.map(({ status }) => status))].join(", ");
}

/** Whether data of the resource's class may lie where the resource does. */
type Residency = { readonly kind: "inside" } | { readonly kind: "outside" | "unknown"; readonly why: string };

function residencyOf({ resource, classification, sentTo }: SeenResource, policy: ResidencyPolicy): Residency {
  // Cordon's own holds no data that anybody would classify.
  if (classification === undefined && Object.keys(sentTo).length === 0) return { kind: "inside" };
  if (classification === undefined) return { kind: "unknown", why: "the class of its data is not known" };
  const names = splitClasses(classification);
  const classes = policy.classifications.filter(({ name }) => names.includes(name));
  const outside = classes.find(({ anywhere, places }) => !anywhere && !places.includes(resource.region));
  if (outside !== undefined) {
    const why = `it lies in ${resource.region}, and "${outside.name}" has to stay in ${outside.residency.join(", ")}`;
    return { kind: "outside", why };
  }
  const unknown = names.find((name) => !classes.some((each) => each.name === name));
  if (unknown !== undefined) return { kind: "unknown", why: `its class "${unknown}" is not in policy ${policy.name}` };
  return { kind: "inside" };
}

function aboutOf(
  { resource, classification, classSource, seenAt }: SeenResource,
  sentTo: readonly string[],
): readonly string[] {
  const { arn, account, region } = resource;
  const by = classSource === "default" ? " (nobody has classified it: policy's default)" : "";
  return [
    `${arn}, account ${account}, ${region}`,
    `class ${classification === undefined ? "unknown" : `${classification}${by}`}, last seen ${seenAt === undefined ? "at an unknown time" : toSeconds(seenAt)}`,
    ...(sentTo.length > 0 ? [`sends data to ${sentTo.join(", ")}`] : []),
  ];
}

function isSame(one: ResourceRef, other: ResourceRef): boolean {
  return one.arn === other.arn && one.account === other.account;
}

function withWhat({ framework }: Asked): string {
  return framework === undefined ? "" : ` with ${framework}`;
}
