import { catalogue as controls } from "../controls/catalogue.ts";
import type { ControlMeta } from "../shared/control.ts";
import { places } from "../shared/jurisdictions/places.ts";
import { codesIn, presets } from "../shared/jurisdictions/presets.ts";
import { unknownName } from "../shared/policy/language/problems.ts";
import { command, exitCodes } from "./command.ts";
import { isColoured, renderTable } from "./table.ts";
import { wrapped } from "./text.ts";

const metas: readonly ControlMeta[] = controls;

/** `cordon catalogue`: what Cordon enforces, and what a policy can name. */
export const catalogue = command(
  {
    name: "catalogue",
    summary: "The controls: what each is about, hears, reads, writes and cites; or the jurisdictions a policy can name",
    notes: `The mode is the one a control has without policy's say: observe tells, approve waits for a person, enforce contains.
What it reads and writes are IAM actions on customers' resources. It asks nobody: all of this is built in.

Exit code: 0 shown, 2 it could not be run.`,
  },
  {
    control: { type: "positional", description: "Everything about this control", required: false },
    jurisdictions: {
      type: "boolean",
      description: "The jurisdictions a policy can name, with their Regions and Local Zones",
    },
    json: { type: "boolean", description: "The same as JSON" },
  },
  async (args) => {
    if (args.jurisdictions) {
      if (args.control !== undefined)
        throw new Error(`found control ${args.control} and --jurisdictions; expected one of them`);
      const list = jurisdictions();
      process.stdout.write(args.json ? toJson({ jurisdictions: list }) : describeJurisdictions(list));
      return exitCodes.fine;
    }
    if (args.control === undefined) {
      process.stdout.write(args.json ? toJson({ controls: metas.map(toPlain) }) : describeAll());
      return exitCodes.fine;
    }
    const meta = metas.find(({ id }) => id === args.control);
    if (meta === undefined)
      throw new Error(
        unknownName(
          "control",
          args.control,
          metas.map(({ id }) => id),
        ),
      );
    process.stdout.write(args.json ? toJson(toPlain(meta)) : describeOne(meta));
    return exitCodes.fine;
  },
);

interface Jurisdiction {
  readonly name: string;
  readonly title: string;
  readonly countries: readonly string[];
  readonly regions: readonly string[];
  readonly localZones: readonly string[];
}

function jurisdictions(): readonly Jurisdiction[] {
  return [...presets].map(([name, { title, countries }]) => {
    const codes = codesIn(countries);
    const of = (kind: "region" | "local-zone") => codes.filter((code) => places.get(code)?.kind === kind);
    return { name, title, countries, regions: of("region"), localZones: of("local-zone") };
  });
}

function describeJurisdictions(list: readonly Jurisdiction[]): string {
  const told = list.map(({ name, title, regions, localZones }) => {
    const zones = localZones.length > 0 ? indented("Local Zones  ", localZones.join(" ")) : [];
    return [`${name}  ${title}`, ...indented("Regions      ", regions.join(" ") || "none"), ...zones].join("\n");
  });
  const note =
    "A jurisdiction is where places lie, not who runs them. Policies can also list Regions and Local Zones themselves.";
  return `${[...told, note].join("\n\n")}\n`;
}

/** A text below a heading, in lines; those after the first are as far in as the first one's text. */
function indented(first: string, text: string): readonly string[] {
  return wrapped(text, WIDTH - first.length).map(
    (line, index) => `  ${index === 0 ? first : " ".repeat(first.length)}${line}`,
  );
}

const WIDTH = 110;

function describeAll(): string {
  const rows = metas.map(({ id, severity, resourceType, defaultMode, frameworks, title }) => [
    { text: id },
    { text: severity, colour: severity === "critical" ? ("red" as const) : undefined },
    { text: resourceType },
    { text: defaultMode },
    { text: [...new Set(frameworks.map(({ framework }) => framework))].join(", ") },
    { text: title },
  ]);
  const table = renderTable(["CONTROL", "SEVERITY", "RESOURCE", "MODE", "FRAMEWORKS", "TITLE"], rows, isColoured());
  return `${table}\nMore of one: cordon catalogue <control>\n`;
}

function describeOne(meta: ControlMeta): string {
  const { id, title, severity, subject, why, frameworks, resourceType, defaultMode, reversible, iam, parameters } =
    meta;
  const heard = [
    ...Object.entries(meta.cloudTrail).map(([source, names]) => `${source}: ${names.join(", ")}`),
    ...(meta.notices ?? []).map(({ source, types }) => `${source}: ${types.join(", ")}`),
    ...meta.configTypes.map((type) => `AWS Config: ${type}`),
  ];
  const writes = [...iam.write, ...iam.passRoleTo.map((service) => `iam:PassRole to ${service}`)];
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ["Why", [why]],
    ["About", [`${resourceType}${subject === "cordon" ? ", of Cordon's own" : ""}, severity ${severity}`]],
    ["Mode without policy's say", [defaultMode]],
    ["Hears", heard],
    ["Reads with", iam.read.length > 0 ? [iam.read.join(", ")] : ["nothing"]],
    ["Writes with", writes.length > 0 ? [writes.join(", ")] : ["nothing: it only tells"]],
    ["Taking it back", [reversible]],
    [
      "Parameters",
      Object.entries(parameters ?? {}).map(([name, spec]) => `${name} (${spec.type}): ${spec.description}`),
    ],
    ["Cites", frameworks.map(({ framework, reference }) => `${framework} ${reference}`)],
  ];
  const told = sections
    .filter(([, lines]) => lines.length > 0)
    .map(([heading, lines]) => [heading, ...lines.flatMap((line) => indented("", line))].join("\n"));
  return `${[`${id}\n${title}`, ...told].join("\n\n")}\n`;
}

/** Without what makes EventBridge patterns. */
function toPlain({ narrow: _, ...meta }: ControlMeta): Omit<ControlMeta, "narrow"> {
  return meta;
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
