import { type Document, isMap, isNode, isScalar, type Scalar, visit } from "yaml";
import type { Problem } from "./problems.ts";

const RESERVED = new Set(["__proto__", "constructor", "prototype"]);

/**
 * What the YAML says that plain data would not show: a key twice (the parser's own check is quadratic), a key that JavaScript's objects reserve or that is an
 * alias, a tag, a text that is none in UTF-8. Pure.
 */
export function hiddenMistakes(document: Document): readonly { readonly message: string; readonly offset: number }[] {
  const found: { message: string; offset: number }[] = [];
  const say = (message: string, range: readonly number[] | null | undefined) =>
    void found.push({ message, offset: range?.[0] ?? 0 });
  const { yaml } = document.directives ?? {};
  if (yaml?.explicit === true && yaml.version !== "1.2") say(`found YAML ${yaml.version}, expected 1.2`, undefined);
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key)) {
          say("expected a plain key", isNode(key) ? key.range : undefined);
          continue;
        }
        const name = String(key.value);
        if (RESERVED.has(name)) say(`the key "${name}" is reserved`, key.range);
        else if (seen.has(name)) say("Map keys must be unique", key.range);
        seen.add(name);
      }
    },
    Node(_, { tag, range }) {
      if (tag !== undefined) say(`found the tag ${tag}, expected none`, range);
    },
    Scalar(_, { value, range }) {
      if (typeof value === "string" && !value.isWellFormed())
        say("found half of a letter, expected text in UTF-8", range);
    },
  });
  return found;
}

/** Where a mistake stands in the text: the key or value itself or, when it is missing, the mapping that lacks it. Pure. */
export function offsetOf(document: Document, text: string, { path, offset: within, isKey = false }: Problem): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const [index, part] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
      if (pair === undefined) break;
      offset = isScalar(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
      if (isKey && index === path.length - 1) return offset;
      node = pair.value;
    } else {
      const parent: unknown = node;
      node =
        isNode(parent) && "get" in parent
          ? (parent as { get(key: unknown, keep: true): unknown }).get(part, true)
          : undefined;
      if (!isNode(node)) break;
      offset = node.range?.[0] ?? offset;
    }
    if (isScalar(node) && node.range) offset = node.range[0];
  }
  return within !== undefined && isScalar(node) ? letterOf(node, text, within) : offset;
}

/**
 * Where a letter of a scalar's value stands in the text. However the scalar is written (quoted, folded over lines, as a block), its letters other than
 * white space come in the same order.
 */
function letterOf(scalar: Scalar, text: string, index: number): number {
  const start = scalar.range?.[0] ?? 0;
  const isBlock = scalar.type === "BLOCK_FOLDED" || scalar.type === "BLOCK_LITERAL";
  const isQuoted = scalar.type === "QUOTE_DOUBLE" || scalar.type === "QUOTE_SINGLE";
  let at = isBlock ? text.indexOf("\n", start) + 1 : start + (isQuoted ? 1 : 0);
  let before = String(scalar.value).slice(0, index).replaceAll(/\s/g, "").length;
  for (; at < text.length; at++) {
    if (/\s/.test(text[at] ?? "")) continue;
    if (before-- === 0) return at;
  }
  return start;
}
