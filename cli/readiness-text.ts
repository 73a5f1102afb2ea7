import type { Cause, Conclusion, ReadinessReport, RuleReport, TakenBackRow } from "./readiness-shape.ts";
import { HIDDEN } from "./redact.ts";
import { type Colour, painted } from "./table.ts";
import { counted, plain, toSeconds, wrapped } from "./text.ts";

type Verdict = Conclusion["verdict"];

const WORDS: Readonly<Record<Verdict, string>> = {
  ready: "Ready",
  "not-yet": "Not yet",
  "nothing-observed": "Not known",
  reached: "Nothing to raise",
  gone: "Gone",
};
const COLOURS: Readonly<Record<Verdict, Colour>> = {
  ready: "green",
  "not-yet": "red",
  "nothing-observed": "yellow",
  reached: "grey",
  gone: "grey",
};

/** So many lines of what there can be hundreds of. */
const SHOWN = 10;
const WIDTH = 110;

/** A report for people: rule by rule, what speaks against raising it first. Pure. */
export function describeReadiness(report: ReadinessReport, colours: boolean): string {
  const { rules, policy, since, at } = report;
  const isBare = (each: RuleReport) =>
    (each.verdict === "reached" || each.verdict === "gone") &&
    each.observed.occurrences + each.contained.occurrences + each.takenBack.length === 0;
  const bare = rules.filter(isBare);
  return [
    `From ${toSeconds(since)} to ${toSeconds(at)}; policy ${policy.name} (${plain(policy.from)}).\n`,
    ...rules.filter((each) => !isBare(each)).map((each) => describeRule(each, colours)),
    ...(bare.length > 0
      ? [`Nothing to raise: ${bare.map(({ rule, mode }) => `${plain(rule)} (${mode.now ?? "gone"})`).join(", ")}.\n`]
      : []),
    conclusion(report),
  ].join("\n");
}

type Row = readonly [label: string, lines: readonly string[]];

function describeRule(report: RuleReport, colours: boolean): string {
  const { rule, mode, verdict, would, contained, moves, takenBack } = report;
  const to = mode.to === null ? "" : ` -> ${mode.to}`;
  const held = mode.heldBy === null ? "" : `, held by ${mode.heldBy} (policy says ${mode.byPolicy})`;
  const word = painted(WORDS[verdict], colours ? COLOURS[verdict] : undefined);
  const rows: readonly Row[] = [
    ["Observed", observedLines(report)],
    ["Enforcing", report.observed.occurrences === 0 ? [] : enforcingLines(would)],
    ["Asking", mode.to === "approve" && report.observed.occurrences > 0 ? askingLines(report) : []],
    ["Accounts", accountLines(report)],
    ["Moves", moves.map(({ from, to, occurrences }) => `${occurrences}  ${from} -> ${to ?? "unknown"}`)],
    ["Caused by", causeLines(report.causedBy)],
    ["Taken back", takenBackLines(takenBack)],
    ["Contained", contained.occurrences === 0 ? [] : containedLines(contained)],
    [WORDS[verdict], report.reasons],
    ["To raise it", report.ramp],
  ];
  return `${word}: ${plain(rule)}, ${mode.now ?? "not in the policy"}${to}${plain(held)}\n${describeRows(rows)}`;
}

function describeRows(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows
    .flatMap(([label, lines]) => {
      // YAML is to be copied: its lines stay as they are.
      const all = label === "To raise it" ? lines.map(plain) : lines.flatMap(broken);
      return all.map((line, index) => `  ${(index === 0 ? label : "").padEnd(width)}  ${line}\n`);
    })
    .join("");
}

function broken(line: string): readonly string[] {
  const isSpaced = /^\S+ {2}/.exec(plain(line))?.[0] ?? "";
  const [first = "", ...rest] = wrapped(plain(line).slice(isSpaced.length), WIDTH - isSpaced.length);
  return [`${isSpaced}${first}`, ...rest.map((more) => `${" ".repeat(isSpaced.length || 2)}${more}`)];
}

function observedLines({ observed }: RuleReport): readonly string[] {
  const { occurrences, resources, firstAt, lastAt, now, stillSo, byOtherPolicy } = observed;
  if (firstAt === null || lastAt === null) return ["nothing"];
  const others = Object.entries(now).filter(([status]) => status !== "observed" && status !== "awaiting-approval");
  const stand = [`${stillSo} still so`, ...others.map(([status, count]) => `${count} ${status}`)].join(", ");
  return [
    `${counted(occurrences, "occurrence")} on ${counted(resources, "resource")}, ${toSeconds(firstAt)} to ${toSeconds(lastAt)}: ${stand}`,
    ...(byOtherPolicy > 0
      ? [`${byOtherPolicy} decided by another policy than this one: cordon replay judges by this one`]
      : []),
  ];
}

function enforcingLines({ contain, wait }: RuleReport["would"]): readonly string[] {
  return [`${contain} would have been contained, ${wait} would have waited for a person`];
}

function askingLines({ observed }: RuleReport): readonly string[] {
  return [`all ${observed.occurrences} would have been asked of a person, and nothing changed`];
}

function accountLines({ accounts }: RuleReport): readonly string[] {
  const lines = accounts.map(({ account, occurrences, contain, wait, takenBack }) => {
    const back = takenBack > 0 ? `, ${takenBack} taken back` : "";
    return `${occurrences}  ${account}: ${contain} contained, ${wait} waiting${back}`;
  });
  return cut(lines);
}

function causeLines(causes: readonly Cause[]): readonly string[] {
  return cut(
    causes.map(({ who, tools, isPipeline, occurrences, again }) => {
      const by = tools.length > 0 ? `, by ${tools.join(", ")}` : "";
      return `${occurrences}  ${who}${by}${isPipeline ? " (a pipeline)" : ""}${again > 0 ? `; ${again} of them again` : ""}`;
    }),
  );
}

const TAKEN_BACK: Readonly<Record<TakenBackRow["how"], string>> = {
  "rolled-back": "rolled back",
  "exception-granted": "exception granted",
  "exception-of-policy": "exception of the policy",
};

function takenBackLines(rows: readonly TakenBackRow[]): readonly string[] {
  return cut(
    rows.map(({ how, resource, account, part, at, expiresAt, isInForce, reason, by, isRuleKnown }) => {
      const until = expiresAt === null ? "" : `, ${isInForce ? "until" : "ended"} ${toSeconds(expiresAt)}`;
      const where = `${resource}${part === null ? "" : `/${part}`} (${account})`;
      const doubt = isRuleKnown ? "" : "; under which rule is not known";
      const why = by === HIDDEN ? `by whom and why ${HIDDEN}` : `by ${by}: ${reason}`;
      return `${where}: ${TAKEN_BACK[how]} ${toSeconds(at)}${until}, ${why}${doubt}`;
    }),
  );
}

function containedLines({ occurrences, again, againBySame }: RuleReport["contained"]): readonly string[] {
  const more = again === 0 ? "none" : `${again}, ${againBySame} by the same principal`;
  return [`${counted(occurrences, "occurrence")}; switched on again: ${more}`];
}

function cut(lines: readonly string[]): readonly string[] {
  return lines.length <= SHOWN ? lines : [...lines.slice(0, SHOWN), `and ${lines.length - SHOWN} more (--json)`];
}

function conclusion({ ok, counts, rules }: ReadinessReport): string {
  if (rules.length === 0) return "No rule is asked about.\n";
  const { ready = 0, "not-yet": notYet = 0, "nothing-observed": unseen = 0, reached = 0, gone = 0 } = counts;
  const parts = [
    ...(ready > 0 ? [`${ready} ready`] : []),
    ...(notYet > 0 ? [`${notYet} not yet`] : []),
    ...(unseen > 0 ? [`${unseen} with nothing observed`] : []),
    ...(reached > 0 ? [`${reached} with nothing to raise`] : []),
    ...(gone > 0 ? [`${gone} that the policy no longer has`] : []),
  ];
  const nothing = !ok && notYet + unseen === 0 ? " Nothing was observed in this time: that proves nothing." : "";
  return `${counted(rules.length, "rule")}: ${parts.join(", ")}.${nothing}\n`;
}
