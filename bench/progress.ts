/** Told how much is done, of how much. */
export type Progress = (done: number, of: number) => void;

/** Says on stderr what is going on, on a terminal in one line. */
export function progressOf(what: string): Progress {
  const isLive = process.stderr.isTTY === true;
  if (!isLive) process.stderr.write(`${what} ...\n`);
  return (done, of) => {
    if (isLive) process.stderr.write(`\r${what} ${done}/${of}${done === of ? "\n" : ""}`);
  };
}
