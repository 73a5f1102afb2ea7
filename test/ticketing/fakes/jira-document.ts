/** What Jira makes of a document: what is wrong with it, and what a person sees. Written after the schema of @atlaskit/adf-schema (dist/json-schema/v1/full.json), as far as a ticket needs it. */

interface Node {
  readonly type?: unknown;
  readonly text?: unknown;
  readonly marks?: unknown;
  readonly attrs?: { readonly level?: unknown };
  readonly version?: unknown;
  readonly content?: readonly Node[];
}

const HOLDS: Readonly<Record<string, readonly string[]>> = {
  doc: ["paragraph", "heading", "codeBlock", "bulletList", "orderedList", "rule", "blockquote"],
  heading: ["text", "hardBreak"],
  paragraph: ["text", "hardBreak"],
  codeBlock: ["text"],
  bulletList: ["listItem"],
  listItem: ["paragraph", "bulletList", "codeBlock"],
  text: [],
  hardBreak: [],
};
const MEMBERS = new Set(["type", "text", "marks", "attrs", "version", "content"]);

/** The first fault; undefined for a document that Jira takes, without a link, a mention, a card or a picture in it: those have marks and nodes of their own. */
export function faultOf(value: unknown): string | undefined {
  const document = value as Node;
  if (typeof value !== "object" || value === null || document.type !== "doc" || document.version !== 1)
    return "no document";
  return faultIn(document, "doc");
}

function faultIn(node: Node, type: string): string | undefined {
  const allowed = HOLDS[type];
  if (allowed === undefined) return `a node of type ${type}`;
  const extra = Object.keys(node).find((name) => !MEMBERS.has(name));
  if (extra !== undefined) return `${type} has ${extra}`;
  if (type === "text") {
    if (typeof node.text !== "string" || node.text === "") return "a text that is empty";
    if (node.marks !== undefined && JSON.stringify(node.marks) !== '[{"type":"code"}]') return "a mark";
  } else if (node.text !== undefined || node.marks !== undefined) return `${type} with a text or a mark`;
  if (type === "heading" && !(Number(node.attrs?.level) >= 1 && Number(node.attrs?.level) <= 6))
    return "a heading's level";
  if ((type === "bulletList" || type === "listItem") && !node.content?.length) return `an empty ${type}`;
  if (type === "codeBlock" && node.content?.some(({ marks }) => marks !== undefined)) return "a mark in code";
  for (const each of node.content ?? []) {
    if (!allowed.includes(String(each.type))) return `${String(each.type)} in ${type}`;
    const fault = faultIn(each, String(each.type));
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** As a person reads it. */
export function readingOf(value: unknown): string {
  const node = value as Node;
  const inner = (between: string) => (node.content ?? []).map(readingOf).join(between);
  switch (node.type) {
    case "doc":
      return inner("\n");
    case "heading":
      return `\n${"#".repeat(Number(node.attrs?.level))} ${inner("")}`;
    case "codeBlock":
      return inner("").replace(/^/gm, "    ");
    case "bulletList":
      return inner("\n");
    case "listItem":
      return `* ${inner("\n")}`;
    case "text":
      return node.marks === undefined ? String(node.text) : `\`${String(node.text)}\``;
    case "hardBreak":
      return "\n";
    default:
      return inner("");
  }
}
