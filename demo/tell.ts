import { styleText } from "node:util";

const WIDTH = 110;
const LABEL = 10;

/** One thing the demo claims, and whether it is so. */
export interface Check {
  readonly chapter: string;
  readonly claim: string;
  readonly holds: boolean;
  /** What was found instead. */
  readonly found?: string;
}

/** Prints the story and keeps its checks. */
export interface Teller {
  readonly checks: readonly Check[];
  chapter(id: string, title: string): void;
  /** A labelled paragraph, wrapped; an empty label goes on with the one before. */
  say(label: string, ...lines: readonly string[]): void;
  /** Text as it is but for empty lines and Markdown's fences, set off from the rest. */
  quote(text: string): void;
  /** Runs `assess`; whatever it throws makes the claim false, and the story goes on. */
  check(claim: string, assess: () => void | Promise<void>): Promise<void>;
}

/**
 * @param out `undefined` tells nothing and only checks
 */
export function makeTeller(out: NodeJS.WritableStream | undefined, isColoured: boolean): Teller {
  const checks: Check[] = [];
  let current = "";
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    isColoured ? styleText(style, text, { validateStream: false }) : text;
  const print = (text = ""): void => void out?.write(`${text}\n`);

  return {
    checks,
    chapter(id, title) {
      current = id;
      print();
      print(paint("bold", `${id}  ${title}`));
    },
    say(label, ...lines) {
      const wrapped = lines.flatMap((line) => wrap(line, WIDTH - LABEL - 2));
      for (const [index, line] of wrapped.entries()) {
        print(`  ${paint("dim", (index === 0 ? label : "").padEnd(LABEL))}${line}`);
      }
    },
    quote(text) {
      for (const line of text.split("\n").filter((each) => !/^(```.*|\s*)$/.test(each))) {
        for (const part of wrap(line, WIDTH - 6)) print(paint("dim", "    | ") + part);
      }
    },
    async check(claim, assess) {
      try {
        await assess();
        checks.push({ chapter: current, claim, holds: true });
        print(`  ${paint("green", "✓")} ${claim}`);
      } catch (error) {
        const found = error instanceof Error ? error.message : String(error);
        checks.push({ chapter: current, claim, holds: false, found });
        print(`  ${paint("red", "✗")} ${claim}`);
        for (const line of found.split("\n").slice(0, 12)) print(`      ${line}`);
      }
    },
  };
}

/** Lines of at most `width`; what follows the first is indented as that was, and two more. */
function wrap(text: string, width: number): readonly string[] {
  const indent = `${/^\s*(- )?/.exec(text)?.[0].replace("-", " ") ?? ""}  `;
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const space = rest.lastIndexOf(" ", width);
    // A word longer than the line is cut where it has to be.
    const at = space > indent.length ? space : width;
    lines.push(rest.slice(0, at));
    rest = indent + rest.slice(at).trimStart();
  }
  return [...lines, rest];
}
