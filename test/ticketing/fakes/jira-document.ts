interface Node {
  readonly type?: unknown;
  readonly text?: unknown;
  readonly marks?: unknown;
  readonly attrs?: { readonly level?: unknown };
  readonly content?: readonly Node[];
}

/** A document of Jira as a person reads it. */
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
